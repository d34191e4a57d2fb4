// Part of a stand-in for an ostree machine: files below a folder that is its root.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export class FilesBelow {
  constructor(readonly path: string) {}

  at(path: string): string {
    return join(this.path, path);
  }

  has(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** Empty when it is not there. */
  read(path: string): string {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), "utf8") : "";
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** A file of that size, which takes no room. */
  sparse(path: string, bytes: number): void {
    this.write(path, "");
    truncateSync(this.at(path), bytes);
  }

  copy(from: string, to: string): void {
    mkdirSync(dirname(this.at(to)), { recursive: true });
    cpSync(this.at(from), this.at(to), { recursive: true, verbatimSymlinks: true });
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true, force: true });
  }

  list(path: string): string[] {
    return existsSync(this.at(path)) ? readdirSync(this.at(path)) : [];
  }

  /** Every file below a folder, with its text. */
  filesIn(folder: string): Map<string, string> {
    const found = new Map<string, string>();
    const walk = (path: string): void => {
      for (const name of this.list(join(folder, path)).map((each) => join(path, each))) {
        // Somebody else's work may end meanwhile.
        const status = lstatSync(this.at(join(folder, name)), { throwIfNoEntry: false });
        if (status === undefined) continue;
        if (status.isDirectory()) walk(name);
        else if (status.isSymbolicLink()) found.set(name, "a link");
        else found.set(name, status.size > 1_000_000 ? "big" : this.read(join(folder, name)));
      }
    };
    walk("");
    return found;
  }
}
