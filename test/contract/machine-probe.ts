// Part of a stand-in for a machine: what the product's probe would print on it, section by section.
import { installerInit, type PlayedMachine } from "./machine-parts";
import { deviceNodes, lsblk, pools } from "./played-disks";
import { playLease } from "./played-lease";
import { wentDownInCopy } from "./played-power";

/** Answers exactly the sections that the script asks for; one that is not known is a violation. */
export function probeOutput(machine: PlayedMachine, script: string): string {
  const asked = [...script.matchAll(/^echo '@@begin ([\w-]+)'/gm)].map((match) => match[1] ?? "");
  const known = sections(machine, wantedToplevel(script));
  return asked
    .map((name) => {
      const text = name === "lease" ? playLease(machine, script) : known[name];
      if (text === undefined)
        machine.violations.push(`a section of the probe that this model does not know: ${name}`);
      return `@@begin ${name}\n${text ?? ""}\n\n@@end ${name}\n`;
    })
    .join("");
}

function wantedToplevel(script: string): string {
  return (
    /\[ -e '?(\/nix\/store\/[^'/]+)'?\/kernel \]/.exec(
      script.slice(script.indexOf("@@begin wanted-files")),
    )?.[1] ?? ""
  );
}

function sections(machine: PlayedMachine, wanted: string): Record<string, string> {
  const { system, disk, ram, booted } = machine;
  const live = machine.liveStore;
  const bootFiles = (toplevel: string): string => machine.systems.get(toplevel)?.bootFiles ?? "";
  return {
    boot_id: ram.bootId,
    kernel: machine.kernel(),
    arch: machine.quirks.architecture ?? "x86_64",
    cmdline: commandLine(machine),
    "os-release": machine.quirks.osRelease ?? osReleases[system],
    "machine-id": "0123456789abcdef0123456789abcdef",
    uid: "0",
    container: "none",
    memory: "2030572",
    efi: "",
    tools: "",
    kexec_load_disabled: "0",
    kexec_loaded: ram.kexecLoaded ? "1" : "0",
    lockdown: "[none] integrity confidentiality",
    mounts: mounts(machine),
    swaps: "",
    lsblk: lsblk(machine),
    pools: pools(machine),
    devices: deviceNodes(machine),
    free: "8000000 /root",
    "failed-units": "",
    receipt: ram.receipt || (system === "nixos" ? disk.receipt : ""),
    "booted-system": booted?.toplevel ?? "",
    "current-system": machine.current ?? "",
    "booted-files": booted?.bootFiles ?? "",
    "wanted-files": live.has(wanted) ? bootFiles(wanted) : "",
    "live-profile": system === "nixos" ? disk.profile : "",
    "live-wanted": live.has(wanted) ? "yes" : "",
    "mnt-mounted": disk.mounted ? "yes" : "",
    "mnt-profile": disk.mounted ? disk.profile : "",
    "mnt-wanted": disk.mounted && disk.store.has(wanted) ? "yes" : "",
    "went-down-in-copy": wentDownInCopy(machine) ? "yes" : "",
    ...bootLoader("live-", system === "nixos" ? disk.bootEntry : undefined),
    ...bootLoader("mnt-", disk.mounted ? disk.bootEntry : undefined),
  };
}

export { byId } from "./played-disks";

const osReleases = {
  debian: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian',
  installer:
    'ID=nixos\nNAME=NixOS\nPRETTY_NAME="NixOS 25.05 (installer)"\nVARIANT_ID=installer\nVERSION_ID="25.05"',
  nixos: 'ID=nixos\nNAME=NixOS\nPRETTY_NAME="NixOS 25.05 (Warbler)"\nVARIANT_ID=""\nVERSION_ID="25.05"',
};

export function commandLine({ system, booted }: PlayedMachine): string {
  return commandLines[system](booted?.toplevel ?? "");
}

const commandLines = {
  debian: () => "BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro quiet",
  installer: () => `init=${installerInit} console=ttyS0`,
  nixos: (toplevel: string) => `BOOT_IMAGE=../nixos/kernel init=${toplevel}/init root=fstab`,
};

function mounts({ system, disk, quirks }: PlayedMachine): string {
  const inRam = system === "installer" || (system === "nixos" && quirks.rootInRam === true);
  const lines = ["proc /proc proc rw 0 0", inRam ? "tmpfs / tmpfs rw 0 0" : `${disk.device}1 / ext4 rw 0 0`];
  if (system === "nixos" && inRam) lines.push(`${disk.device}1 /nix ext4 rw 0 0`);
  if (disk.mounted) lines.push(`${disk.device}1 /mnt ext4 rw 0 0`);
  if (system === "installer" && quirks.mountedInInstaller) lines.push(`${disk.device}1 /old ext4 rw 0 0`);
  return lines.join("\n");
}

function bootLoader(prefix: string, entry: PlayedMachine["disk"]["bootEntry"]): Record<string, string> {
  const extlinux =
    entry &&
    [
      "DEFAULT nixos-default",
      "LABEL nixos-default",
      "  LINUX ../nixos/kernel-file",
      "  INITRD ../nixos/initrd-file",
      `  APPEND init=${entry.toplevel}/init root=fstab`,
    ].join("\n");
  const files =
    entry && `${entry.kernelBytes} /boot/nixos/kernel-file\n${entry.initrdBytes} /boot/nixos/initrd-file`;
  return {
    [`${prefix}sd-boot`]: "",
    [`${prefix}sd-boot-variable`]: "",
    [`${prefix}extlinux`]: extlinux ?? "",
    [`${prefix}grub`]: "",
    [`${prefix}grubenv`]: "",
    [`${prefix}boot-files`]: files ?? "",
  };
}
