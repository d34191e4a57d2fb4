import { access, open } from "node:fs/promises";
import { homedir } from "node:os";
import { HostError } from "../core/errors";
import type { AccessAuth } from "../core/shell";
import { labelOf } from "./ssh-address";

/** The largest rsa key in use has 13 KB. */
const mostBytes = 256 * 1024;

interface GivenKey {
  text: string;
  /** Where it comes from: `connection.privateKeyPath`. */
  property: string;
  /** For the text of a refused login. */
  remark: string;
}

/** The text of the private key that is given itself or by its path. */
export async function readPrivateKey(auth: AccessAuth): Promise<GivenKey | undefined> {
  const label = labelOf(auth);
  if (auth.privateKey !== undefined)
    return { text: auth.privateKey, property: `${label}.privateKey`, remark: "" };
  if (auth.privateKeyPath === undefined) return undefined;
  const property = `${label}.privateKeyPath`;
  const path = auth.privateKeyPath.replace(/^~(?=\/)/, homedir());
  return { text: await textOf(path, property), property, remark: await certificateRemark(path) };
}

async function textOf(path: string, property: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw new Unfit("it is a folder");
      if (found.size > mostBytes) throw new Unfit(`it has ${found.size} bytes, which no key has`);
      // Not all of it: a device has no size, and may have no end.
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes);
      if (bytesRead === 0) throw new Unfit("it is empty");
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = error instanceof Unfit ? error.message : wordsFor(error as NodeJS.ErrnoException);
    throw new HostError("bad-input", {
      what: `${property}: ${path} cannot be used: ${reason}`,
      next: "give the path of a private key on the machine where Pulumi runs, which its user can read",
    });
  }
}

class Unfit extends Error {}

function wordsFor({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file (ENOENT)";
  if (code === "EACCES") return "this user may not read it (EACCES)";
  return code ?? message;
}

/** ssh would use the certificate beside a key without being asked; here that would fail without a word. */
async function certificateRemark(path: string): Promise<string> {
  const beside = `${path}-cert.pub`;
  const exists = await access(beside).then(
    () => true,
    () => false,
  );
  return exists ? `; the certificate ${beside} is not used: certificates are not supported` : "";
}
