import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../../contract/ssh-host";
import { inputsOf } from "../../support/builders";
import type { Inputs } from "../../../../provider/runtime/inputs";

const [ed25519, ecdsa, rsa] = (["ed25519", "ecdsa", "rsa"] as const).map(
  (kind) => makeKey(kind).privateKey,
) as [string, string, string];

/** Good and bad files on this machine, in a folder that is removed. */
export class Files {
  readonly folder = mkdtempSync(join(tmpdir(), "immutable-os-input-"));
  readonly ed25519 = ed25519;
  readonly ecdsa = ecdsa;
  readonly rsa = rsa;
  readonly key = this.write("id", ed25519);
  readonly publicKey = this.write("id.pub", makeKey().publicKey);
  readonly encryptedKey = this.write("id-encrypted", makeKey("ed25519", "open sesame").privateKey);
  readonly ecdsaKey = this.write("id-ecdsa", ecdsa);
  readonly rsaKey = this.write("id-rsa", rsa);
  readonly pkcs8Key = this.write(
    "id-pkcs8",
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }),
  );
  readonly certificate = this.write(
    "id-cert.pub",
    `ssh-ed25519-cert-v01@openssh.com AAAA${"A".repeat(200)} me`,
  );
  readonly forbiddenKey = this.write("id-forbidden", ed25519, 0o000);
  readonly noKey = this.write("no-key", "just a line\n");
  readonly empty = this.write("empty", "");
  readonly large = this.write("large", Buffer.alloc(300 * 1024, "x"));
  readonly bundle = this.write("bundle.tar.gz", "bundle");
  readonly missing = join(this.folder, "missing");
  readonly belowFile = join(this.bundle, "inner");
  readonly loop = join(this.folder, "loop");
  readonly pipe = join(this.folder, "pipe");
  readonly subfolder = join(this.folder, "subfolder");

  constructor() {
    mkdirSync(this.subfolder);
    symlinkSync(this.loop, this.loop);
    execFileSync("mkfifo", [this.pipe]);
  }

  write(name: string, content: string | Buffer, mode = 0o600): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode });
    return path;
  }

  /** What `check` lets through for a new machine. */
  goodInputs(): Inputs {
    const inputs = structuredClone(inputsOf()) as Inputs;
    (inputs["install"] as Inputs)["kexec"] = { path: this.bundle };
    return inputs;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
