import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { HostFile } from "../host/files";
import { hostKeyFiles } from "./given-host-keys";
import { badInput, expandHome, reading } from "./local-file";
import type { NixosHostInputs } from "./schema";

export type Install = NixosHostInputs["install"];
type FileSource = { content?: string | undefined; source?: string | undefined };

/** All that an install writes into the new system: extraFiles and the host keys, read and hashed here. */
export async function installFiles(install: Install): Promise<HostFile[]> {
  const extra = await Promise.all(
    Object.entries(install?.extraFiles ?? {}).map(([path, file]) =>
      readFiles(`install.extraFiles["${path}"]`, path, file, { mode: file.mode, owner: file.owner }),
    ),
  );
  const files = [...(await hostKeyFiles(install)), ...extra.flat()];
  for (const { path, property } of extra.flat()) {
    if (/^\/etc\/ssh\/ssh_host_\w+_key(\.pub)?$/.test(path))
      throw badInput(`${property}: ${path} is a host key`, "give the private key in install.sshHostKeys");
    if (files.filter((file) => file.path === path).length > 1)
      throw badInput(`${property}: ${path} is given twice`, "give each file once");
  }
  return files;
}

/** The keys that the disko script reads in the installer. */
export async function diskKeyFiles(install: Install): Promise<HostFile[]> {
  const keys = await Promise.all(
    Object.entries(install?.diskEncryptionKeys ?? {}).map(([path, file]) =>
      readFiles(`install.diskEncryptionKeys["${path}"]`, path, file, { mode: "600", owner: undefined }),
    ),
  );
  const folder = keys.find((files) => files.length !== 1)?.[0];
  if (folder) throw badInput(`${folder.property}.source: it is a folder`, "give one file for each key");
  return keys.flat();
}

/** A file, or the tree of a folder: each of its files below `path`. */
async function readFiles(
  property: string,
  path: string,
  { content, source }: FileSource,
  given: { mode: string | undefined; owner: string | undefined },
): Promise<HostFile[]> {
  const owner = given.owner ?? "root:root";
  if (content !== undefined) {
    if (content.includes("\0"))
      throw badInput(`${property}.content: it holds a zero byte`, "give it by source");
    const bytes = Buffer.from(content);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const mode = plainMode(given.mode ?? "600");
    return [{ path, property, from: { text: content }, size: bytes.length, sha256, mode, owner }];
  }
  const localPath = expandHome(source ?? "");
  const tree = await reading(property, localPath, () => filesBelow(property, localPath));
  if (tree.length === 0)
    throw badInput(
      `${property}.source: there is no file in ${localPath}`,
      "give a file, or a folder of files",
    );
  return Promise.all(
    tree.map(async (below) => {
      const file = join(localPath, below);
      const { size, mode, sha256 } = await reading(property, file, () => inspect(file));
      return {
        ...{ path: join(path, below), property, from: { localPath: file }, size, sha256, owner },
        mode: plainMode(given.mode ?? mode.toString(8)),
      };
    }),
  );
}

/** The files of a folder, relative to it; of a file itself: "". */
async function filesBelow(property: string, localPath: string): Promise<string[]> {
  const entry = await stat(localPath);
  if (entry.isFile()) return [""];
  if (!entry.isDirectory())
    throw badInput(
      `${property}.source: ${localPath} is neither a file nor a folder`,
      "give a file or a folder",
    );
  const below = await Promise.all(
    (await readdir(localPath)).map(async (name) =>
      (await filesBelow(property, join(localPath, name))).map((file) => join(name, file)),
    ),
  );
  return below.flat().sort();
}

async function inspect(file: string): Promise<{ size: number; mode: number; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { size, mode: (await stat(file)).mode & 0o777, sha256: hash.digest("hex") };
}

function plainMode(mode: string): string {
  return mode.replace(/^0+(?=\d)/, "");
}
