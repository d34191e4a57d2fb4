import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fcosProbe, parseFcosFacts, type FcosQuestion } from "../../../provider/fcos/facts";
import type { FcosFacts } from "../../../provider/fcos/types";
import { failureOf } from "../support/fake-shell";
import { hostSh, type HostSh } from "./host-sh";
import { bootcQueued, centosChecksum, otherChecksum } from "./recorded-bootc";
import { coreosStaged, openshiftNode } from "./recorded-status";

let host: HostSh;
beforeEach(() => {
  host = hostSh();
  host.file("run/ostree-booted", "");
  host.file("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  host.file("proc/sys/kernel/random/boot_id", "boot-1\n");
  host.file("proc/cmdline", "root=LABEL=root rw\n");
  host.file("etc/os-release", 'ID=fedora\nVARIANT_ID=coreos\nVERSION_ID="41"\n');
  host.tool(
    "systemctl",
    'case "$1 $4" in "show zincati.service") echo active ;; show*) echo inactive ;; *) exit 3 ;; esac',
  );
  host.tool(
    "df",
    'echo "Filesystem 1024-blocks Used Available Capacity Mounted"; case $2 in */boot) echo "/dev/a 9 9 1000 1% /boot" ;; *) echo "/dev/b 9 9 5000000 1% /sysroot" ;; esac',
  );
  host.tool("journalctl", "exit 1");
});
afterEach(() => host.remove());

const question: FcosQuestion = { driver: "auto", unchangedEtc: [], kernelArguments: false };
const prints = (document: object): string => `cat <<'END'\n${JSON.stringify(document)}\nEND`;
const statusTool = (document: object): string => `[ "$1" = status ] || exit 64\n${prints(document)}`;

function seen(changes: Partial<FcosQuestion> = {}): FcosFacts {
  const asked = { ...question, ...changes };
  return parseFcosFacts(host.run(fcosProbe(asked)).stdout, asked);
}

const [booted, staged] = [openshiftNode.deployments[0], coreosStaged.deployments[0]];
const idOf = (checksum: string | undefined): string => `${checksum ?? ""}.0`;
const folder = (stateroot: string, checksum: string | undefined): string =>
  `ostree/deploy/${stateroot}/deploy/${idOf(checksum)}`;

function kernel(at: string, release: string, initramfs: string | undefined): void {
  host.file(`${at}/usr/lib/modules/${release}/vmlinuz`, "kernel");
  if (initramfs !== undefined) host.file(`${at}/usr/lib/modules/${release}/initramfs.img`, initramfs);
  host.file(`${at}/usr/lib/modules/${release}/modules.dep`, "x");
}

function entry(name: string, stateroot: string, checksum: string | undefined, lines: string): void {
  const link = `ostree/boot.1/${stateroot}/${name}/0`;
  mkdirSync(join(host.root, "sysroot", dirname(link)), { recursive: true });
  mkdirSync(join(host.root, folder(stateroot, checksum)), { recursive: true });
  symlinkSync(join(host.root, folder(stateroot, checksum)), join(host.root, "sysroot", link));
  host.file(
    `boot/loader/entries/${name}.conf`,
    `title ${name}\noptions rw ostree=/${link} quiet\n${lines}\n`,
  );
}

describe("a look at a machine with rpm-ostree", () => {
  beforeEach(() => host.tool("rpm-ostree", statusTool({ ...coreosStaged, deployments: [staged, booted] })));

  test("sees its deployments, with kernels and boot entries", () => {
    kernel(folder("rhcos", booted?.checksum), "4.18.0-372.el8", "initramfs");
    kernel(folder("fedora-coreos", staged?.checksum), "5.6.8-200.fc31", undefined);
    host.file(`${folder("fedora-coreos", staged?.checksum)}/usr/lib/modules/leftover/modules.dep`, "x");
    entry(
      "ostree-1",
      "rhcos",
      booted?.checksum,
      "linux /ostree/rhcos/vmlinuz\ninitrd /ostree/rhcos/initramfs.img",
    );
    const { deployments, driver, bootId, machineId, freeBytes, tools } = seen();
    expect(
      deployments.map(({ id, kernels, bootEntry }) => [id, kernels, bootEntry?.title, bootEntry?.options]),
    ).toEqual([
      [
        idOf(staged?.checksum),
        [{ release: "5.6.8-200.fc31", kernelBytes: 6, initramfsBytes: 0, hasModulesDep: true }],
        undefined,
        undefined,
      ],
      [
        idOf(booted?.checksum),
        [{ release: "4.18.0-372.el8", kernelBytes: 6, initramfsBytes: 9, hasModulesDep: true }],
        "ostree-1",
        "rw ostree=/ostree/boot.1/rhcos/ostree-1/0 quiet",
      ],
    ]);
    expect([driver, bootId, machineId]).toEqual(["rpm-ostree", "boot-1", "0123456789abcdef0123456789abcdef"]);
    expect(freeBytes).toEqual({ boot: 1_024_000, sysroot: 5_120_000_000 });
    expect(tools.rpmOstree).toBe(true);
  });

  test("sees the running system's kernel where its folder holds an image only", () => {
    kernel("", "6.12.7-200.fc41", "initramfs");
    host.file(`${folder("rhcos", booted?.checksum)}/usr/lib/modules/leftover/modules.dep`, "x");
    expect(seen().deployments[1]?.kernels).toMatchObject([{ release: "6.12.7-200.fc41", initramfsBytes: 9 }]);
  });

  test("sees who drives it", () => {
    host.file("run/rpm-ostree/update-driver.gv", "\0\u0001driver-name\0Own\0own-updater.service\0\0");
    host.tool(
      "systemctl",
      'case "$1 $4" in "show own-updater.service") echo failed ;; show*) echo inactive ;; *) exit 3 ;; esac',
    );
    host.tool(
      "rpm-ostree",
      statusTool({
        ...openshiftNode,
        "update-driver": { "driver-name": "Own", "driver-sd-unit": "own-updater.service" },
      }),
    );
    expect(seen().updateDrivers).toEqual([
      { name: "Own (own-updater.service)", unit: "own-updater.service" },
    ]);
  });

  test.each([
    "/etc/machine-config-daemon/currentconfig",
    "/etc/machine-config-daemon/node-annotations.json",
    "/etc/ignition-machine-config-encapsulated.json.bak",
    "/etc/mcs-machine-config-content.json",
    "/run/bin/machine-config-daemon",
  ])("sees the Machine Config Operator's %s", (path) => {
    expect(seen().machineConfigOperatorMarks).toEqual([]);
    host.file(path, "{}");
    expect(seen().machineConfigOperatorMarks).toEqual([host.root + path]);
  });

  test("takes the policy from where the tools take it", () => {
    expect(seen().signaturePolicy).toBe("");
    host.file("usr/share/containers/policy.json", '{"default":[]}');
    expect(seen().signaturePolicy).toBe('{"default":[]}');
    host.file("etc/containers/policy.json", '{"default":[{"type":"reject"}]}');
    expect(seen().signaturePolicy).toBe('{"default":[{"type":"reject"}]}');
  });

  test("compares /etc and asks for kernel arguments only where somebody wants to know", () => {
    host.tool("ostree", 'echo "$*" >> "$ROOT/calls"; [ "$2" = config-diff ] && echo "M    ssh/sshd_config"');
    host.tool("rpm-ostree", `[ "$1" = kargs ] && { echo "rw quiet"; exit; }\n${prints(openshiftNode)}`);
    expect(seen()).toMatchObject({ changedEtc: [], nextKernelArguments: "" });
    expect(host.run(`cat ${host.root}/calls`).stdout).not.toContain("config-diff");
    expect(seen({ unchangedEtc: ["/etc/ssh"], kernelArguments: true })).toMatchObject({
      changedEtc: ["M /etc/ssh/sshd_config"],
      nextKernelArguments: "rw quiet",
    });
  });

  test("never takes a comparison of /etc that failed for one without a change", async () => {
    host.tool(
      "ostree",
      '[ "$2" = config-diff ] && { echo "M    hosts"; echo "error: No space" >&2; exit 1; }',
    );
    const error = await failureOf(() => Promise.resolve(seen({ unchangedEtc: ["/etc/ssh"] })));
    expect(error.code).toBe("command-failed");
    expect(error.text()).toMatch(/ostree admin config-diff gave no list[^]*error: No space/);
  });

  test("knows the mask of whoever registered as driver: a run's own link is nobody's change", () => {
    const driver = { "driver-name": "Own", "driver-sd-unit": "own-updater.service" };
    host.tool("rpm-ostree", statusTool({ ...openshiftNode, "update-driver": driver }));
    host.tool(
      "ostree",
      'echo "A    systemd/system/own-updater.service"; echo "A    systemd/system/own.service"',
    );
    const units = ["own-updater", "own"].map((name) => `/etc/systemd/system/${name}.service`);
    expect(seen({ unchangedEtc: units }).changedEtc).toEqual(["A /etc/systemd/system/own.service"]);
  });

  test("hears why a finalization failed: in this boot, or in the last one", () => {
    expect(seen().finalizeFailure).toBe("");
    host.tool(
      "systemctl",
      'case $1 in is-failed) [ "$3" = ostree-boot-complete.service ] ;; *) echo inactive ;; esac',
    );
    expect(seen().finalizeFailure).toBe("ostree-boot-complete.service has failed");
    host.tool(
      "journalctl",
      "echo 'Starting OSTree Complete Boot...'; echo 'error: ostree-finalize-staged.service failed on previous boot: Finalizing deployment: No space left on device'",
    );
    expect(seen().finalizeFailure).toBe(
      "ostree-finalize-staged.service failed on previous boot: Finalizing deployment: No space left on device",
    );
    host.file("boot/ostree/finalize-failure.stamp", "Finalizing deployment: Permission denied");
    expect(seen().finalizeFailure).toBe("Finalizing deployment: Permission denied");
  });

  test("that says nothing of its deployments is no look", async () => {
    host.tool("rpm-ostree", 'echo "error: Loading sysroot: it is broken" >&2; exit 1');
    const error = await failureOf(() => Promise.resolve(seen()));
    expect(error.code).toBe("command-failed");
    expect(error.text()).toMatch(/rpm-ostree status gave no status[^]*error: Loading sysroot: it is broken/);
    host.tool("rpm-ostree", "echo '{}'");
    expect(() => seen()).toThrow("rpm-ostree status gave no status");
  });
});

describe("a look at a machine with bootc", () => {
  beforeEach(() => {
    host.tool("bootc", `[ "$*" = "status --format=json" ] || exit 64\n${prints(bootcQueued)}`);
    host.tool("ostree", `echo "* default ${centosChecksum}.0"; echo "    Unlocked: development"`);
  });

  test("sees the same", () => {
    host.file(
      `ostree/deploy/default/deploy/${otherChecksum}.0.origin`,
      "[origin]\n[packages]\nrequested=htop;\n",
    );
    const { driver, deployments, tools } = seen();
    expect([driver, tools]).toEqual(["bootc", { rpmOstree: false, bootc: true }]);
    expect(deployments.map(({ id, unlocked, layering }) => [id.slice(0, 4), unlocked, layering])).toEqual([
      ["2683", "none", ["install htop"]],
      ["05cb", "development", []],
      ["1c24", "none", []],
    ]);
  });

  test("is asked first only where it is wanted", () => {
    host.tool("rpm-ostree", statusTool(openshiftNode));
    host.tool("bootc", `echo asked >> "$ROOT/asked"\n${prints(bootcQueued)}`);
    expect(seen().driver).toBe("rpm-ostree");
    expect(existsSync(join(host.root, "asked"))).toBe(false);
    expect(seen({ driver: "bootc" }).driver).toBe("bootc");
    expect(seen({ driver: "rpm-ostree" }).driver).toBe("rpm-ostree");
  });

  test("never takes another driver than the one asked for", () => {
    expect(seen({ driver: "rpm-ostree" })).toMatchObject({ driver: "", deployments: [] });
  });
});

test("a machine without ostree has no deployments, and its tools are not asked", () => {
  host.run(`rm /run/ostree-booted`);
  host.tool("rpm-ostree", 'echo "error: This system was not booted via libostree." >&2; exit 1');
  host.tool("ostree", "exit 1");
  const none = { ostreeBooted: false, deployments: [], driver: "" };
  expect(seen({ unchangedEtc: ["/etc/ssh"] })).toMatchObject(none);
});
