// Keys for the stand-in for sshd in this folder: made at run time, never kept.
import { createHash, generateKeyPairSync } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";

type KeyKind = "ed25519" | "ecdsa" | "rsa";

export interface TestKey {
  /** OpenSSH private key. */
  privateKey: string;
  /** `type base64`, without a comment. */
  publicKey: string;
  fingerprint: string;
}

/** ssh2's generator makes a key that ssh2 cannot read now and then: it is asked again. */
export function makeKey(kind: KeyKind = "ed25519", passphrase?: string): TestKey {
  for (let tries = 0; tries < 20; tries++) {
    const privateKey = kind === "ed25519" ? makeEd25519(passphrase) : makePem(kind);
    const parsed = utils.parseKey(privateKey, passphrase) as ParsedKey | ParsedKey[] | Error;
    if (parsed instanceof Error) continue;
    const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey;
    const blob = key.getPublicSSH();
    const digest = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
    return {
      privateKey,
      publicKey: `${key.type} ${blob.toString("base64")}`,
      fingerprint: `SHA256:${digest}`,
    };
  }
  throw new Error(`no usable ${kind} key could be made`);
}

function makeEd25519(passphrase: string | undefined): string {
  const options = passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 4 };
  // The declarations do not know that ed25519 keys take options, too.
  return utils.generateKeyPairSync("ed25519", options as object).private;
}

function makePem(kind: "ecdsa" | "rsa"): string {
  return kind === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ format: "pem", type: "pkcs1" })
        .toString()
    : generateKeyPairSync("ec", { namedCurve: "P-256" })
        .privateKey.export({ format: "pem", type: "sec1" })
        .toString();
}
