import { alpha, device, inputsOf } from "../../support/builders";
import { type BadInput } from "./row";

const image = "needs one of path, url and flake";
const url = "https://example.org/kexec.tar.gz";
const sha256 = "a".repeat(64);
const digits = "must be 64 hexadecimal digits, as sha256sum prints them";
export const otherPhases = (key: string, value: unknown, ...phases: string[]): object => ({
  install: { ...inputsOf().install, kexec: undefined, phases, [key]: value },
});

export const badInstalls: readonly BadInput[] = [
  ["an install as a list", "install", [], "install must be an object, not an array"],
  [
    "a misspelt option",
    "install.extrafiles",
    {},
    "install.extrafiles is not a known property; did you mean extraFiles?",
  ],
  ["phases as text", "install.phases", "kexec", "install.phases must be an array, not a string"],
  ["no phases", "install.phases", [], "install.phases must name at least one phase"],
  [
    "an unknown phase",
    "install.phases",
    ["kexex"],
    'install.phases[0] must be one of "kexec", "disko", "install", "reboot"; did',
  ],
  [
    "phases with a gap",
    "install.phases",
    ["kexec", "install"],
    "install.phases must be a stretch of kexec, disko",
  ],
  [
    "phases backwards",
    "install.phases",
    ["disko", "kexec"],
    "install.phases must be a stretch of kexec, disko",
  ],
  ["a phase twice", "install.phases", ["kexec", "kexec"], "install.phases must be a stretch of kexec, disko"],

  ["no installer", "install.kexec", undefined, "install.kexec is missing: the installer to boot"],
  [
    "an installer's path alone",
    "install.kexec",
    "/bundle.tar.gz",
    "install.kexec must be an object or an array, not a",
  ],
  ["an installer from nowhere", "install.kexec", {}, `install.kexec ${image}`],
  ["an installer from two places", "install.kexec", { path: "a", url, sha256 }, `install.kexec ${image}`],
  ["no known-good images", "install.kexec", [], "install.kexec must name at least one image"],
  [
    "one of several from nowhere",
    "install.kexec",
    [{ url, sha256 }, { sha256 }],
    `install.kexec[1] ${image}`,
  ],
  [
    "a typo in one of several",
    "install.kexec",
    [{ ulr: url, sha256 }],
    "install.kexec[0].ulr is not a known property; did you mean url?",
  ],
  ["an empty path", "install.kexec", { path: "" }, "install.kexec.path must not be empty"],
  ["a url without its hash", "install.kexec", { url }, "install.kexec.sha256 is required with url"],
  [
    "a url that is none",
    "install.kexec",
    { url: "kexec", sha256 },
    "install.kexec.url must be an http(s) URL",
  ],
  ["a url by ftp", "install.kexec", { url: "ftp://h/k", sha256 }, "install.kexec.url must be an http(s) URL"],
  [
    "a url of a file",
    "install.kexec",
    { url: "file:///k", sha256 },
    "install.kexec.url must be an http(s) URL",
  ],
  [
    "a password in the url",
    "install.kexec",
    { url: "https://me:pw@h/k", sha256 },
    "install.kexec.url must be an http(s) URL, without a user",
  ],
  ["a cut hash", "install.kexec", { url, sha256: "a".repeat(63) }, `install.kexec.sha256 ${digits}`],
  ["a hash in capitals", "install.kexec", { url, sha256: "A".repeat(64) }, `install.kexec.sha256 ${digits}`],
  [
    "a hash of Nix",
    "install.kexec",
    { url, sha256: `sha256-${"A".repeat(43)}=` },
    `install.kexec.sha256 ${digits}`,
  ],
  [
    "a flake without an output",
    "install.kexec",
    { flake: "github:o/r" },
    'install.kexec.flake must be "<flake reference>#<output>"',
  ],
  [
    "an unknown architecture",
    "install.kexec",
    { url, sha256, architecture: "arm64" },
    'install.kexec.architecture must be one of "x86_64", "aarch64"',
  ],
  [
    "flags as one text",
    "install.kexecExtraFlags",
    "--no-sync",
    "install.kexecExtraFlags must be an array, not a string",
  ],
  [
    "flags for no kexec",
    "",
    otherPhases("kexecExtraFlags", ["--no-sync"], "disko"),
    "install.kexecExtraFlags is given without install.kexec",
  ],

  ["no disks", "install.disks", [], "install.disks must name at least one disk"],
  [
    "no disks at all",
    "",
    { install: { kexec: { url, sha256 } }, layout: { ...inputsOf().layout, devices: [] } },
    "install.disks is missing: the disks to wipe",
  ],
  ["a disk as text", "install.disks", [device], "install.disks[0] must be an object, not a string"],
  ["disks as an object", "install.disks", { device }, "install.disks must be an array, not an object"],
  [
    "a disk without a path",
    "install.disks",
    [{ serial: "x" }],
    "install.disks[0].device is missing (a string)",
  ],
  [
    "a disk by its kernel name",
    "install.disks",
    [{ device: "sda" }],
    "install.disks[0].device must be a path below /dev",
  ],
  [
    "a disk on a detour",
    "install.disks",
    [{ device: "/dev/../dev/sda" }],
    "install.disks[0].device must be a path without",
  ],
  [
    "one disk twice",
    "install.disks",
    [{ device }, { device }],
    `install.disks names one device twice: ${device}`,
  ],
  [
    "one serial twice",
    "install.disks",
    [device, "/dev/sdb"].map((each) => ({ device: each, serial: "S1" })),
    "install.disks names one serial twice: S1",
  ],
  [
    "one WWN twice",
    "install.disks",
    [device, "/dev/sdb"].map((each) => ({ device: each, wwn: "0x5" })),
    "install.disks names one wwn twice: 0x5",
  ],
  [
    "another disk than the layout's",
    "install.disks",
    [{ device: "/dev/sdz" }],
    `install.disks must name exactly the disks that the layout wipes: ${device}`,
  ],
  [
    "a negative size",
    "install.disks",
    [{ device, sizeBytes: -1 }],
    "install.disks[0].sizeBytes must be a whole number of bytes above 0",
  ],
  [
    "a size with its unit",
    "install.disks",
    [{ device, sizeBytes: "4G" }],
    "install.disks[0].sizeBytes must be a number, not a string",
  ],
  [
    "half a name",
    "install.disks",
    [{ device, size: 1 }],
    "install.disks[0].size is not a known property; did you mean sizeBytes?",
  ],
  [
    "half a byte",
    "install.disks",
    [{ device, sizeBytes: 0.5 }],
    "install.disks[0].sizeBytes must be a whole",
  ],
  ["an empty serial", "install.disks", [{ device, serial: "" }], "install.disks[0].serial must not be empty"],
  [
    "consent to everything",
    "install.allowReinstall",
    true,
    "install.allowReinstall must be an array, not a boolean",
  ],
  ["consent to nothing", "install.allowReinstall", [""], "install.allowReinstall[0] must not be empty"],
  [
    "consent for another disk",
    "install.allowReinstall",
    ["/dev/sdz"],
    "install.allowReinstall names /dev/sdz, which is the path or serial of no declared disk",
  ],
  [
    "consent for another serial",
    "",
    { install: { ...inputsOf().install, disks: [{ device, serial: "S1" }], allowReinstall: ["S2"] } },
    "install.allowReinstall names S2, which is the path or serial of no declared disk",
  ],
  [
    "adopt and wipe",
    "",
    { adopt: true, install: { ...inputsOf().install, allowReinstall: [device] } },
    "adopt takes the machine over as it is, and install.allowReinstall wipes it",
  ],
  [
    "a trigger as a number",
    "install.reinstallTrigger",
    2,
    "install.reinstallTrigger must be a string, not a number",
  ],
  [
    "a look as text",
    "install.probeInPreview",
    "no",
    "install.probeInPreview must be a boolean, not a string",
  ],
  [
    "an installer's port of 0",
    "install.installerPort",
    0,
    "install.installerPort must be a port from 1 to 65535",
  ],
  [
    "a mode of disko's command line",
    "install.diskoMode",
    "destroy,format",
    'install.diskoMode must be one of "disko", "format", "mount"',
  ],
  [
    "a mode for a script that is built",
    "",
    { install: { ...inputsOf().install, diskoMode: "mount" }, system: { toplevel: alpha } },
    "install.diskoMode needs system.flake",
  ],
];
