import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isInstaller, isNixos, parseNixosFacts, type NixosFacts } from "../../../provider/nixos/facts";
import { preflightProblems } from "../../../provider/nixos/phases/preflight";
import { specOf } from "../../../provider/nixos/spec";
import { inputsOf } from "../support/builders";

const folder = join(__dirname, "../fixtures/probe");
const names = readdirSync(folder).sort();
const contentOf = (name: string): string => readFileSync(join(folder, name), "utf8");
const factsOf = (name: string): NixosFacts => parseNixosFacts(contentOf(`${name}.txt`));

const recorded = "# recorded on ";
const handMade = "# hand-made after public documentation, not recorded on a real system";
const origin = (name: string): string => contentOf(name).split("\n", 1)[0] ?? "";

test("every sample says whether it was recorded on a real system", () => {
  const [real, made] = [recorded, handMade].map((kind) =>
    names.filter((name) => origin(name).startsWith(kind)),
  );
  expect([...(real ?? []), ...(made ?? [])].sort()).toEqual(names);
  console.info(
    `probe outputs, recorded: ${real?.join(", ")}\nhand-made after public documentation: ${made?.join(", ")}`,
  );
  expect(real).toContain("debian-12-vm.txt");
  expect(made).toContain("alpine-3.20.txt");
});

test.each(names)("%s is read without a gap", (name) => {
  const facts = parseNixosFacts(contentOf(name));
  expect(facts.bootId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(facts.kernelRelease).toMatch(/^\d+\.\d+/);
  expect(facts.architecture).toMatch(/^(x86_64|aarch64)$/);
  expect(facts.osRelease.prettyName).not.toBe("");
  expect(facts.memoryKiB).toBeGreaterThan(500_000);
  expect(facts.uid).toBe(0);
  expect(facts.mounts.map((mount) => mount.target)).toContain("/");
  for (const each of Object.values(facts.freeKiB)) expect(each).toEqual(expect.any(Number));
  expect(JSON.stringify(facts)).not.toContain("null");
});

interface Expected {
  os: string;
  version: string;
  kind?: "nixos" | "installer";
  container?: string;
  boot?: "uefi";
  lockdown?: string;
  disks: string[];
}

const samples: [string, Expected][] = [
  ["debian-12-vm", { os: "debian", version: "12", disks: ["/dev/vda"] }],
  ["installer-vm", { os: "nixos", version: "25.05", kind: "installer", disks: ["/dev/vda"] }],
  ["installer-installed-vm", { os: "nixos", version: "25.05", kind: "installer", disks: ["/dev/vda"] }],
  [
    "container-debian-12-build-machine",
    { os: "debian", version: "12", container: "docker", disks: ["/dev/zram0", "/dev/vda"] },
  ],
  [
    "ubuntu-24.04-uefi-secure-boot",
    { os: "ubuntu", version: "24.04", boot: "uefi", lockdown: "integrity", disks: ["/dev/sda", "/dev/sdb"] },
  ],
  ["ubuntu-18.04-old-lsblk", { os: "ubuntu", version: "18.04", disks: ["/dev/vda"] }],
  ["fedora-41-cloud", { os: "fedora", version: "41", boot: "uefi", disks: ["/dev/zram0", "/dev/vda"] }],
  ["alpine-3.20", { os: "alpine", version: "3.20.3", disks: [] }],
  [
    "nixos-25.05-systemd-boot",
    { os: "nixos", version: "25.05", kind: "nixos", boot: "uefi", disks: ["/dev/nvme0n1"] },
  ],
  ["nixos-installer-25.05", { os: "nixos", version: "25.05", kind: "installer", disks: ["/dev/vda"] }],
  ["ipv6-only-debian-13", { os: "debian", version: "13", boot: "uefi", disks: ["/dev/sda"] }],
  ["container-docker", { os: "debian", version: "12", container: "docker", disks: ["/dev/sda"] }],
  ["container-systemd-nspawn", { os: "debian", version: "12", container: "systemd-nspawn", disks: [] }],
];

test.each(samples)("%s", (name, expected) => {
  const facts = factsOf(name);
  expect({
    os: facts.osRelease.id,
    version: facts.osRelease.versionId,
    kind: isInstaller(facts) ? "installer" : isNixos(facts) ? "nixos" : "other",
    container: facts.container,
    boot: facts.bootMode,
    lockdown: facts.kexec.lockdown,
    disks: facts.disks.map((disk) => disk.path),
  }).toEqual({ kind: "other", container: "", boot: "bios", lockdown: "none", ...expected });
});

const refusalsOf = (name: string): string => {
  const inputs = inputsOf({
    __needs: { system: "x86_64-linux", bootMode: "" },
    install: undefined,
    layout: { hash: "", devices: [], kept: [], mountpoints: [] },
  });
  return preflightProblems(specOf(inputs), factsOf(name))
    .map((problem) => problem.seen)
    .join("; ");
};

test.each([
  ["debian-12-vm", ""],
  ["ubuntu-24.04-uefi-secure-boot", "lockdown=integrity"],
  ["ubuntu-18.04-old-lsblk", "missing: cpio"],
  ["alpine-3.20", "missing: lsblk"],
  ["ipv6-only-debian-13", "uname -m says aarch64"],
  ["container-docker", "a docker container; missing: cpio"],
  ["container-systemd-nspawn", "a systemd-nspawn container"],
])("preflight of %s refuses: %s", (name, refusals) => expect(refusalsOf(name)).toBe(refusals));

test("details that parsers get wrong", () => {
  const ubuntu = factsOf("ubuntu-24.04-uefi-secure-boot");
  expect(ubuntu.mounts.map((mount) => mount.target)).toContain("/srv/my files");
  expect(ubuntu.disks[0]?.parts.at(-1)).toMatchObject({
    path: "/dev/mapper/ubuntu--vg-ubuntu--lv",
    mountpoint: "/",
  });
  expect(ubuntu.swaps).toEqual(["/swap.img"]);
  expect(ubuntu.failedUnits).toEqual(["systemd-networkd-wait-online.service"]);
  expect(factsOf("ubuntu-18.04-old-lsblk").disks[0]).toMatchObject({
    sizeBytes: 21474836480,
    readOnly: false,
  });
  expect(factsOf("ipv6-only-debian-13").mounts[1]?.source).toBe("[2001:db8::2]:/export");
  // df has no line for a folder that does not exist
  expect(factsOf("alpine-3.20").freeKiB).toEqual({ "/root": 3500000, "/nix": 0, "/boot": 80000 });
  expect(factsOf("alpine-3.20").machineId).toBe("");
});

test("an installed NixOS is seen in full: boot default, files of the boot, receipt", () => {
  const facts = factsOf("nixos-25.05-systemd-boot");
  expect(facts.live.bootDefault).toMatchObject({
    loader: "systemd-boot",
    toplevel: facts.currentSystem,
    initrdBytes: 20000000,
  });
  expect(facts.bootedFiles).toBe(facts.wantedFiles);
  expect(facts.receipt).toMatchObject({ machine: "web", done: ["kexec", "disko", "install"] });
  expect(facts.disks[0]).toMatchObject({ serial: "S4EWNX0R123456", wwn: "eui.0025385b01234567" });
});

test("the lab's installer sees the installed system below /mnt, before the reboot", () => {
  const [before, after] = [factsOf("installer-vm"), factsOf("installer-installed-vm")];
  expect(before.target).toMatchObject({ mounted: false, profile: "", hasWanted: false });
  expect(after.target).toMatchObject({ mounted: true, hasWanted: true });
  expect(after.target.profile).toMatch(/^\/nix\/store\/[0-9a-z]{32}-nixos-system-lab-25\.05\.alpha$/);
  expect(after.target.bootDefault).toMatchObject({ loader: "extlinux", toplevel: after.target.profile });
  expect(after.target.bootDefault.kernelBytes).toBeGreaterThan(1_000_000);
  expect(after.target.bootDefault.initrdBytes).toBeGreaterThan(1_000_000);
  expect(after.live).toMatchObject({ profile: "", hasWanted: false });
});

test("the installer sees what disko mounted, and nothing that is installed", () => {
  const { target } = factsOf("nixos-installer-25.05");
  expect(target).toMatchObject({ mounted: true, profile: "", hasWanted: false, bootDefault: { loader: "" } });
});
