import { entryProblem, parseBootEntries } from "../../../provider/fcos/boot-entries";
import { parseChangedEtc } from "../../../provider/fcos/changed-etc";
import { kernelsOf, parseKernels } from "../../../provider/fcos/kernels";
import { parseOstreeStatus } from "../../../provider/fcos/ostree-status";
import { maskUpdateDrivers, parseUpdateDrivers } from "../../../provider/fcos/update-drivers";

const id = `${"a".repeat(64)}.0`;

describe("a boot entry", () => {
  const entryOf = (body: string) =>
    parseBootEntries(`@ ${id} /boot/loader/entries/ostree-2.conf\n${body}\n`).get(id);
  const whole = `title Fedora CoreOS 41.20250105.2.0 (ostree:0)
version 2
options root=UUID=1 rw ostree=/ostree/boot.1/fedora-coreos/2/0
linux /boot/ostree/fedora-coreos-2/vmlinuz-6.12.7-200.fc41.x86_64
initrd /boot/ostree/fedora-coreos-2/initramfs-6.12.7-200.fc41.x86_64.img
aboot /ostree/deploy/x/y`;

  test("is read as the boot loader reads it", () => {
    expect(entryOf(whole)).toEqual({
      file: "/boot/loader/entries/ostree-2.conf",
      title: "Fedora CoreOS 41.20250105.2.0 (ostree:0)",
      linux: "/boot/ostree/fedora-coreos-2/vmlinuz-6.12.7-200.fc41.x86_64",
      initrd: "/boot/ostree/fedora-coreos-2/initramfs-6.12.7-200.fc41.x86_64.img",
      options: "root=UUID=1 rw ostree=/ostree/boot.1/fedora-coreos/2/0",
    });
    expect(entryProblem(entryOf(whole))).toBeUndefined();
    expect(entryOf(`${whole}\ninitrd /boot/microcode.img`)?.initrd).toMatch(/^\S+ \/boot\/microcode\.img$/);
  });

  test.each([
    [
      "without initrd: the kernel would not find its root",
      whole.replace(/^initrd.*\n/m, ""),
      /no initrd line/,
    ],
    ["with an empty initrd", whole.replace(/^initrd.*$/m, "initrd "), /no initrd line/],
    ["without a kernel", whole.replace(/^linux.*\n/m, ""), /no linux line/],
  ])("%s", (_, body, problem) => {
    expect(entryProblem(entryOf(body))).toMatch(problem);
  });

  test("that is not there", () => {
    expect(parseBootEntries("").size).toBe(0);
    expect(entryProblem(undefined)).toBe("no boot entry");
  });
});

describe("kernels", () => {
  const kernels = parseKernels(`${id} 6.12.7-200.fc41.x86_64 17000000 98000000 yes
${id} 6.1.128 12 0 no
booted 6.13.1-100.fc41.x86_64 1 2 yes`);

  test("are told for each deployment, all of them", () => {
    expect(kernelsOf(kernels, { id, booted: true })).toEqual([
      {
        release: "6.12.7-200.fc41.x86_64",
        kernelBytes: 17000000,
        initramfsBytes: 98000000,
        hasModulesDep: true,
      },
      { release: "6.1.128", kernelBytes: 12, initramfsBytes: 0, hasModulesDep: false },
    ]);
  });

  test("of the running system come from /usr where its folder shows none", () => {
    expect(kernelsOf(kernels, { id: "other", booted: true })).toMatchObject([
      { release: "6.13.1-100.fc41.x86_64" },
    ]);
    expect(kernelsOf(kernels, { id: "other", booted: false })).toEqual([]);
  });
});

describe("who updates the machine", () => {
  const zincati = { name: "Zincati", unit: "zincati.service" };
  const idle =
    "zincati.service inactive\nrpm-ostreed-automatic.timer inactive\nbootc-fetch-apply-updates.timer inactive";

  test.each<[string, string, { name: string; unit: string } | undefined, string[]]>([
    ["nobody", `${idle}\npolicy `, undefined, []],
    [
      "Zincati",
      `zincati.service active\nzincati.service active\npolicy `,
      zincati,
      ["Zincati (zincati.service)"],
    ],
    [
      "Zincati that is starting and has not registered yet",
      "zincati.service activating\npolicy ",
      undefined,
      ["Zincati (zincati.service)"],
    ],
    [
      "Zincati that is registered and failed: rpm-ostree refuses then, too",
      "zincati.service failed\npolicy ",
      zincati,
      ["Zincati (zincati.service)"],
    ],
    ["Zincati that failed long ago", "zincati.service failed\npolicy ", undefined, []],
    ["Zincati that is masked and still registered", "zincati.service inactive\npolicy ", zincati, []],
    [
      "somebody else who registered",
      "own-updater.service active\npolicy ",
      { name: "Own", unit: "own-updater.service" },
      ["Own (own-updater.service)"],
    ],
    [
      "somebody else, where another driver is asked",
      "own-updater.service active\npolicy ",
      undefined,
      ["own-updater.service"],
    ],
    ["rpm-ostree's timer that only looks", "rpm-ostreed-automatic.timer active\npolicy check", undefined, []],
    ["rpm-ostree's timer without a policy", "rpm-ostreed-automatic.timer active\npolicy ", undefined, []],
    [
      "rpm-ostree's timer that stages",
      "rpm-ostreed-automatic.timer active\npolicy stage",
      undefined,
      ["rpm-ostree's automatic updates (rpm-ostreed-automatic.timer)"],
    ],
    [
      "bootc's timer beside it",
      "rpm-ostreed-automatic.timer active\nbootc-fetch-apply-updates.timer active\npolicy apply",
      undefined,
      [
        "rpm-ostree's automatic updates (rpm-ostreed-automatic.timer)",
        "bootc's automatic updates (bootc-fetch-apply-updates.timer)",
      ],
    ],
  ])("is %s", (_, text, registered, names) => {
    expect(parseUpdateDrivers(text, registered).map(({ name }) => name)).toEqual(names);
  });

  test("is masked as a whole", () => {
    expect(maskUpdateDrivers(["zincati.service", "x.timer"])).toBe(
      "systemctl mask --now 'zincati.service' 'x.timer' && { systemctl reset-failed 'zincati.service' 'x.timer' 2>/dev/null || :; }",
    );
  });
});

describe("changes in /etc", () => {
  const diff = `M    ssh/sshd_config
M    machine-id
D    yum.repos.d
A    ostree/auth.json
M    ssh/ssh_host_rsa_key.pub
A    ssh/ssh_host_ed25519_key
M    ssh/moduli dir/it
A    ssh/sshd_config.d/10-own file.conf
M    .updated
A    systemd/system/zincati.service
A    systemd/system/own.service
A    systemd/system/registered.service
A    systemd/system/pulumi-immutable-os-guard.service`;

  test.each([
    [["/etc/ssh"], ["M /etc/ssh/sshd_config", "M /etc/ssh/moduli dir/it"]],
    [["/etc/ssh/sshd_config.d"], []],
    [["/etc/ssh/sshd_config.d/10-own file.conf"], ["A /etc/ssh/sshd_config.d/10-own file.conf"]],
    // By these the machine is the one that it is.
    [
      ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/machine-id", "/etc/.updated"],
      [],
    ],
    [["/etc/ssh/sshd_config"], ["M /etc/ssh/sshd_config"]],
    [["/etc/yum.repos.d/fedora.repo"], ["D /etc/yum.repos.d"]],
    [["/etc/machine-id/x", "/etc/ss"], []],
    // What a run itself leaves there is nobody's change.
    [
      ["own", "zincati", "registered", "pulumi-immutable-os-guard"].map(
        (name) => `/etc/systemd/system/${name}.service`,
      ),
      ["A /etc/systemd/system/own.service"],
    ],
    [[], []],
  ])("below %j are %j", (asked, changes) => {
    expect(parseChangedEtc(diff, asked, "registered.service")).toEqual(changes);
  });
});

test("ostree's status of a machine with everything", () => {
  const [b, c] = ["b", "c"].map((letter) => `${letter.repeat(64)}.1`);
  const status = parseOstreeStatus(`  fedora-coreos ${id} (staged)
    Version: 41.20250105.2.0
    origin: <unknown origin type>
* fedora-coreos ${b ?? ""}
    Version: 41.20250101.2.0
    Pinned: yes
    Unlocked: hotfix
    origin refspec: ${"d".repeat(64)}
  other ${c ?? ""} (rollback)
    origin: <unknown origin type>`);
  expect([...status]).toEqual([
    [id, { stateroot: "fedora-coreos", unlocked: "none" }],
    [b, { stateroot: "fedora-coreos", unlocked: "hotfix" }],
    [c, { stateroot: "other", unlocked: "none" }],
  ]);
});
