import { homedir } from "node:os";
import { hostKey } from "../../support/builders";
import type { Files } from "./files";
import { fromFiles, type BadInput } from "./row";

const absent = "names a file that does not exist where Pulumi runs: ";
const unreadable = "names a file that cannot be read where Pulumi runs: ";

const login = (make: (files: Files) => object): unknown =>
  fromFiles((files) => ({ host: "h", hostKey, ...make(files) }));
const keyAt = (make: (files: Files) => string): unknown =>
  login((files) => ({ privateKeyPath: make(files) }));
const source = (key: string, make: (files: Files) => string): unknown =>
  fromFiles((files) => ({ [key]: { source: make(files) } }));

/** What can be seen on the machine where Pulumi runs. */
export const badMachineFiles: readonly BadInput[] = [
  [
    "a bundle that is not there",
    "install.kexec",
    fromFiles(({ missing }) => ({ path: missing })),
    ({ missing }) => `install.kexec.path ${absent}${missing}`,
  ],
  [
    "a relative path to nothing",
    "install.kexec",
    { path: "no-such.tar.gz" },
    `install.kexec.path ${absent}${process.cwd()}/no-such.tar.gz`,
  ],
  [
    "a folder as the bundle",
    "install.kexec",
    fromFiles(({ folder }) => ({ path: folder })),
    ({ folder }) => `install.kexec.path must be a file: ${folder} is a folder`,
  ],
  [
    "the second of two bundles",
    "install.kexec",
    fromFiles(({ bundle, missing }) => [{ path: bundle }, { path: missing }]),
    ({ missing }) => `install.kexec[1].path ${absent}${missing}`,
  ],
  [
    "a file below a file",
    "install.kexec",
    fromFiles(({ belowFile }) => ({ path: belowFile })),
    ({ belowFile }) => `install.kexec.path ${unreadable}${belowFile} (ENOTDIR)`,
  ],
  [
    "a link to itself",
    "install.extraFiles",
    source("/a", ({ loop }) => loop),
    ({ loop }) => `install.extraFiles["/a"].source ${unreadable}${loop} (ELOOP)`,
  ],
  [
    "a source in nobody's home",
    "install.extraFiles",
    { "/a": { source: "~/no/such/file" } },
    `install.extraFiles["/a"].source ${absent}${homedir()}/no/such/file`,
  ],
  [
    "a pipe as a source",
    "install.diskEncryptionKeys",
    source("/k", ({ pipe }) => pipe),
    'install.diskEncryptionKeys["/k"].source must be a file: ',
  ],
  [
    "a disk key that is not there",
    "install.diskEncryptionKeys",
    source("/k", ({ missing }) => missing),
    `install.diskEncryptionKeys["/k"].source ${absent}`,
  ],
  [
    "a host key that is not there",
    "install.sshHostKeys",
    source("rsa", ({ missing }) => missing),
    `install.sshHostKeys.rsa.source ${absent}`,
  ],
  [
    "a host key that is none",
    "install.sshHostKeys",
    { rsa: { content: "x" } },
    "install.sshHostKeys.rsa.content is wrong: this key cannot be used",
  ],
  [
    "a host key of another type",
    "install.sshHostKeys",
    source("rsa", ({ key }) => key),
    "install.sshHostKeys.rsa.source must be a private key of type rsa, not ssh-ed25519",
  ],
  [
    "an encrypted host key",
    "install.sshHostKeys",
    source("ed25519", ({ encryptedKey }) => encryptedKey),
    "install.sshHostKeys.ed25519.source must be a private key without a passphrase",
  ],
  [
    "a public host key",
    "install.sshHostKeys",
    source("ed25519", ({ publicKey }) => publicKey),
    "install.sshHostKeys.ed25519.source is wrong: this is a public key",
  ],

  [
    "a key that is not there",
    "connection",
    keyAt(({ missing }) => missing),
    ({ missing }) => `connection.privateKeyPath ${absent}${missing}`,
  ],
  [
    "a folder as the key",
    "connection",
    keyAt(({ subfolder }) => subfolder),
    ({ subfolder }) => `connection.privateKeyPath must be a file: ${subfolder} is a folder`,
  ],
  [
    "a device as the key",
    "connection",
    keyAt(() => "/dev/zero"),
    "connection.privateKeyPath must be a file: /dev/zero is a device",
  ],
  ["an empty key file", "connection", keyAt(({ empty }) => empty), "connection.privateKeyPath is wrong: "],
  [
    "a huge key",
    "connection",
    keyAt(({ large }) => large),
    "connection.privateKeyPath must be a file of at most 262144 bytes",
  ],
  [
    "a file that is no key",
    "connection",
    keyAt(({ noKey }) => noKey),
    "connection.privateKeyPath is wrong: this key cannot be used: ",
  ],
  [
    "a public key",
    "connection",
    keyAt(({ publicKey }) => publicKey),
    "connection.privateKeyPath is wrong: this is a public key; give the private key",
  ],
  [
    "a certificate",
    "connection",
    keyAt(({ certificate }) => certificate),
    "connection.privateKeyPath is wrong: this is a certificate, and certificates are not supported",
  ],
  [
    "a key in another form",
    "connection",
    keyAt(({ pkcs8Key }) => pkcs8Key),
    "connection.privateKeyPath is wrong: this is a key in PKCS#8 form; convert",
  ],
  [
    "an encrypted key",
    "connection",
    keyAt(({ encryptedKey }) => encryptedKey),
    "connection.passphrase is wrong: connection.privateKeyPath is encrypted, and there is no passphrase",
  ],
  [
    "a wrong passphrase",
    "connection",
    login(({ encryptedKey }) => ({ privateKeyPath: encryptedKey, passphrase: "sesame" })),
    "connection.passphrase is wrong: the passphrase does not open connection.privateKeyPath",
  ],
  [
    "a path as the key itself",
    "connection",
    login(({ key }) => ({ privateKey: key })),
    "connection.privateKey must be the key itself: give its path as privateKeyPath",
  ],
  [
    "the key itself as its path",
    "connection",
    login(({ ed25519 }) => ({ privateKeyPath: ed25519 })),
    "connection.privateKeyPath must be a path: give the key itself as privateKey",
  ],
  [
    "a cut key",
    "connection",
    login(({ ed25519 }) => ({ privateKey: ed25519.slice(0, 200) })),
    "connection.privateKey is wrong: ",
  ],
  [
    "the old system's key",
    "install.connection",
    fromFiles(({ missing }) => ({ privateKeyPath: missing })),
    `install.connection.privateKeyPath ${absent}`,
  ],
  [
    "a jump host's key",
    "connection.jumpHost",
    login(({ missing }) => ({ privateKeyPath: missing })),
    `connection.jumpHost.privateKeyPath ${absent}`,
  ],
];
