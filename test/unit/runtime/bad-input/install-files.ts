import { otherPhases } from "./installs";
import { fromFiles, type BadInput } from "./row";

const path = "must be an absolute path of a file, without //, /./ and /../";
const long = `/${"x".repeat(4000)}`;
const file = { content: "x" };

export const badInstallFiles: readonly BadInput[] = [
  [
    "files as a list",
    "install.extraFiles",
    ["/etc/motd"],
    "install.extraFiles must be an object, not an array",
  ],
  ["a relative path", "install.extraFiles", { "etc/motd": file }, `install.extraFiles["etc/motd"] ${path}`],
  ["a path of the home", "install.extraFiles", { "~/motd": file }, `install.extraFiles["~/motd"] ${path}`],
  ["a folder", "install.extraFiles", { "/etc/": file }, `install.extraFiles["/etc/"] ${path}`],
  [
    "a path on a detour",
    "install.extraFiles",
    { "/etc/../motd": file },
    `install.extraFiles["/etc/../motd"] ${path}`,
  ],
  [
    "the same path in other words",
    "install.extraFiles",
    { "/etc/motd": file, "/etc//motd": file },
    `install.extraFiles["/etc//motd"] ${path}`,
  ],
  [
    "a path without an end",
    "install.extraFiles",
    { [long]: file },
    `install.extraFiles["${long.slice(0, 79)}`,
  ],
  ["the root", "install.extraFiles", { "/": file }, `install.extraFiles["/"] ${path}`],
  [
    "a file in the store",
    "install.extraFiles",
    { "/nix/store/x": file },
    'install.extraFiles["/nix/store/x"] must not lie in /nix/store',
  ],
  [
    "a file in RAM",
    "install.extraFiles",
    { "/run/key": file },
    'install.extraFiles["/run/key"] must not lie in /nix/store, /proc',
  ],
  [
    "a file as text",
    "install.extraFiles",
    { "/a": "x" },
    'install.extraFiles["/a"] must be an object, not a string',
  ],
  [
    "a file of null",
    "install.extraFiles",
    { "/a": null },
    'install.extraFiles["/a"] must be an object, not null',
  ],
  [
    "a file without content",
    "install.extraFiles",
    { "/a": {} },
    'install.extraFiles["/a"] needs either content or source',
  ],
  [
    "a file with both",
    "install.extraFiles",
    { "/a": { ...file, source: "b" } },
    'install.extraFiles["/a"] needs either content or source',
  ],
  [
    "a typo in a map",
    "install.extraFiles",
    { "/a": { contents: "x" } },
    'install.extraFiles["/a"].contents is not a known property; did you mean content?',
  ],
  [
    "a mode as a number",
    "install.extraFiles",
    { "/a": { ...file, mode: 640 } },
    'install.extraFiles["/a"].mode must be a string, not a number',
  ],
  [
    "a mode in letters",
    "install.extraFiles",
    { "/a": { ...file, mode: "rw-r--r--" } },
    'install.extraFiles["/a"].mode must be an octal mode such as "0640"',
  ],
  [
    "a bad owner",
    "install.extraFiles",
    { "/a": { ...file, owner: "a b" } },
    'install.extraFiles["/a"].owner must be "user", "user:group"',
  ],
  [
    "a file and a folder",
    "install.extraFiles",
    { "/a": file, "/a/b": file },
    "install.extraFiles names /a as a file, and a file below it",
  ],
  [
    "a host key twice",
    "install",
    fromFiles(({ bundle, ed25519 }) => ({
      kexec: { path: bundle },
      extraFiles: { "/etc/ssh/ssh_host_ed25519_key": file },
      sshHostKeys: { ed25519: { content: ed25519 } },
    })),
    "install.extraFiles names /etc/ssh/ssh_host_ed25519_key, which install.sshHostKeys gives as well",
  ],
  [
    "files after the install",
    "",
    otherPhases("extraFiles", { "/a": file }, "reboot"),
    "install.extraFiles is used in the phase install",
  ],
  [
    "host keys after the install",
    "",
    otherPhases("sshHostKeys", { rsa: file }, "reboot"),
    "install.sshHostKeys is used in the phase install",
  ],
  [
    "disk keys after disko",
    "",
    otherPhases("diskEncryptionKeys", { "/k": file }, "install"),
    "install.diskEncryptionKeys is used in the phase disko",
  ],
  [
    "a disk key's relative path",
    "install.diskEncryptionKeys",
    { "disk.key": file },
    `install.diskEncryptionKeys["disk.key"] ${path}`,
  ],
  [
    "an unknown way to unlock",
    "install.encryptedRootUnlock",
    "tpm",
    'install.encryptedRootUnlock must be one of "console"',
  ],
  [
    "a disk key with both",
    "install.diskEncryptionKeys",
    { "/k": { ...file, source: "b" } },
    'install.diskEncryptionKeys["/k"] needs either content or source',
  ],
  [
    "an empty disk key",
    "install.diskEncryptionKeys",
    { "/k": { content: "" } },
    'install.diskEncryptionKeys["/k"].content must not be empty',
  ],
  [
    "a disk key with an owner",
    "install.diskEncryptionKeys",
    { "/k": { ...file, owner: "root" } },
    'install.diskEncryptionKeys["/k"].owner is not a known property; known are content, source',
  ],
  [
    "a type of host key",
    "install.sshHostKeys",
    { ed25591: file },
    "install.sshHostKeys.ed25591 is not a known property; did you mean ed25519?",
  ],
  [
    "a host key as text",
    "install.sshHostKeys",
    { rsa: "x" },
    "install.sshHostKeys.rsa must be an object, not a string",
  ],
];
