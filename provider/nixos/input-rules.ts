import type { InputRule as Rule } from "../core/input-rule";
import { loginRules } from "./login-rules";
import { phaseNames, type NixosHostInputs } from "./schema";

type Phase = (typeof phaseNames)[number];
type InputRule = Rule<NixosHostInputs>;

export const inputRules: readonly InputRule[] = [
  ...loginRules,
  {
    path: "install.disks",
    reads: ["install.disks", "layout.devices"],
    problem: ({ install, layout }) =>
      namesOnce("device", install?.disks) ??
      namesOnce("serial", install?.disks) ??
      namesOnce("wwn", install?.disks) ??
      otherThanLayout(install?.disks?.map((disk) => disk.device) ?? [], layout.devices),
  },
  {
    path: "install.allowReinstall",
    reads: ["install.allowReinstall", "install.disks", "layout.devices"],
    problem: consentForUnknownDisk,
  },
  {
    path: "install.kexecExtraFlags",
    reads: ["install.kexecExtraFlags", "install.kexec"],
    problem: ({ install }) =>
      install?.kexecExtraFlags !== undefined && install.kexec === undefined
        ? "is given without install.kexec: there is no kexec to hand it to"
        : undefined,
  },
  notAfter("diskEncryptionKeys", "disko"),
  notAfter("extraFiles", "install"),
  notAfter("sshHostKeys", "install"),
  {
    path: "install.extraFiles",
    reads: ["install.extraFiles"],
    problem: ({ install }) => fileAndFolder(Object.keys(install?.extraFiles ?? {})),
  },
  {
    path: "install.extraFiles",
    reads: ["install.extraFiles", "install.sshHostKeys"],
    problem: ({ install }) => {
      const path = Object.keys(install?.sshHostKeys ?? {})
        .map((type) => `/etc/ssh/ssh_host_${type}_key`)
        .find((key) => key in (install?.extraFiles ?? {}));
      return path && `names ${path}, which install.sshHostKeys gives as well: give it once`;
    },
  },
  {
    path: "install.diskoMode",
    reads: ["install.diskoMode", "system"],
    problem: ({ install, system }) =>
      (install?.diskoMode ?? "disko") !== "disko" && "toplevel" in system
        ? "needs system.flake: with system.toplevel, system.diskoScript is run as it is"
        : undefined,
  },
  {
    path: "nix.buildOn",
    reads: ["nix.buildOn", "system"],
    problem: ({ nix, system }) =>
      nix?.buildOn === "target" && "toplevel" in system
        ? "needs system.flake: system.toplevel is built already"
        : undefined,
  },
  {
    path: "nix.builders",
    reads: ["nix.buildOn", "nix.builders"],
    problem: ({ nix }) =>
      nix?.buildOn === "target" && nix.builders !== undefined
        ? 'contradicts nix.buildOn "target": remote builders are asked by the client'
        : undefined,
  },
  {
    path: "nix.options",
    reads: ["nix.options", "nix.builders"],
    problem: ({ nix }) =>
      nix?.options?.["builders"] !== undefined && nix.builders !== undefined
        ? "holds builders, which nix.builders gives as well: give them once"
        : undefined,
  },
  {
    path: "nix.options",
    reads: ["nix.options"],
    problem: ({ nix }) => {
      // `secret-key-files` names files, and its name alone is no secret.
      const name = Object.keys(nix?.options ?? {}).find(
        (key) => /token|password|secret/.test(key) && !key.endsWith("-files"),
      );
      return (
        name &&
        `holds ${name}: a secret would stand in the arguments of nix, for everybody to see; put it into nix.conf`
      );
    },
  },
  {
    path: "system.diskoScript",
    reads: ["system"],
    problem: ({ system }) =>
      "toplevel" in system && system.diskoScript === system.toplevel
        ? "is the toplevel: give config.system.build.diskoScript"
        : undefined,
  },
];

/** What only a machine that is not installed yet needs; said at the first preview, not after the kexec. */
export const rulesForNew: readonly InputRule[] = [
  {
    path: "install.kexec",
    reads: ["adopt", "install.phases", "install.kexec"],
    problem: (inputs) =>
      wants(inputs, "kexec") && inputs.install?.kexec === undefined
        ? "is missing: the installer to boot (path, url with sha256, or flake)"
        : undefined,
  },
  {
    path: "install.disks",
    reads: ["adopt", "install.phases", "install.disks", "layout.devices"],
    problem: (inputs) =>
      wants(inputs, "disko") && inputs.install?.disks === undefined && inputs.layout.devices.length === 0
        ? "is missing: the disks to wipe, because the system declares none by disko"
        : undefined,
  },
  {
    path: "system",
    reads: ["adopt", "install.phases", "__diskoScript"],
    problem: (inputs) =>
      wants(inputs, "disko") && inputs.__diskoScript === ""
        ? "has no disko script: import disko's module into the configuration, or give system.diskoScript"
        : undefined,
  },
  {
    path: "adopt",
    reads: ["adopt", "install.allowReinstall"],
    problem: ({ adopt, install }) =>
      adopt === true && (install?.allowReinstall ?? []).length > 0
        ? "takes the machine over as it is, and install.allowReinstall wipes it: give one of them"
        : undefined,
  },
];

function wants({ adopt, install }: NixosHostInputs, phase: Phase): boolean {
  if (adopt === true) return false;
  return install?.phases === undefined || install.phases.includes(phase);
}

/** A stretch that begins later never comes to it; one that ends earlier may be made longer by a later `up`. */
function notAfter(key: "diskEncryptionKeys" | "extraFiles" | "sshHostKeys", phase: Phase): InputRule {
  return {
    path: `install.${key}`,
    reads: [`install.${key}`, "install.phases"],
    problem: ({ install }) =>
      install?.[key] !== undefined &&
      install.phases?.every((each) => phaseNames.indexOf(each) > phaseNames.indexOf(phase))
        ? `is used in the phase ${phase}, which install.phases leaves out`
        : undefined,
  };
}

function namesOnce(
  key: "device" | "serial" | "wwn",
  disks: NonNullable<NixosHostInputs["install"]>["disks"] = [],
): string | undefined {
  const named = disks.map((disk) => disk[key]).filter((name) => name !== undefined);
  const twice = named.find((name, index) => named.indexOf(name) < index);
  return twice && `names one ${key} twice: ${twice}`;
}

function otherThanLayout(named: readonly string[], wiped: readonly string[]): string | undefined {
  if (named.length === 0 || wiped.length === 0) return undefined;
  return [...named].sort().join("\n") === [...wiped].sort().join("\n")
    ? undefined
    : `must name exactly the disks that the layout wipes: ${wiped.join(", ")}`;
}

/** Serials can be judged only where every disk declares its own: else the machine is asked for them. */
function consentForUnknownDisk({ install, layout }: NixosHostInputs): string | undefined {
  const disks = install?.disks ?? layout.devices.map((device) => ({ device, serial: undefined }));
  if (disks.length === 0) return undefined;
  const names = new Set(disks.flatMap((disk) => [disk.device, disk.serial]));
  const serialsKnown = disks.every((disk) => disk.serial !== undefined);
  const stranger = install?.allowReinstall?.find(
    (name) => !names.has(name) && (name.startsWith("/") || serialsKnown),
  );
  return (
    stranger &&
    `names ${stranger}, which is the path or serial of no declared disk: ${disks.map(inWords).join(", ")}`
  );
}

function inWords({ device, serial }: { device: string; serial?: string | undefined }): string {
  return serial === undefined ? device : `${device} (serial ${serial})`;
}

function fileAndFolder(paths: readonly string[]): string | undefined {
  const file = paths.find((path) => paths.some((other) => other.startsWith(`${path}/`)));
  return file && `names ${file} as a file, and a file below it`;
}
