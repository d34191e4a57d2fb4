import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "./cache";
import { quote, run, sleep } from "./shell";
import type { Vm } from "./vm";

const sampleMilliseconds = 100;
/** How this package names its temporary folders; what others keep there is none of our business. */
const temporaryFolder = /^immutable-os-\d+-/;
const largestSampleBytes = 1 << 20;
/** Ours, and what is mapped into others; looking into them finds nothing that is not found elsewhere. */
const notFiles = ["proc", "sys", "dev"].map((folder) => `--exclude-dir=${folder}`).join(" ");

/**
 * Looks for planted secrets: while it runs, in the arguments and the environment of every process here and on the
 * host, and in every file that appears in this machine's temporary folder; afterwards wherever it is sent.
 */
export class SecretWatch {
  /** Where a secret was seen that must not be there: its name, and the place. */
  readonly found = new Set<string>();
  private readonly before = new Set(readdirSync(tmpdir()));
  /** Holds the patterns on the host, for grep: as its argument they would be found there. */
  private readonly patternFile = `/run/secret-watch-${randomBytes(4).toString("hex")}`;
  private over = false;
  private samples = 0;
  private hostRounds = 0;
  private readonly watching: Promise<unknown>;

  constructor(
    private readonly secrets: Record<string, string>,
    private readonly vm: Vm,
    /** A folder of the test's own, where the secrets may lie. */
    private readonly folder: string,
  ) {
    this.watching = Promise.all([this.watchHere(), this.watchHost()]);
  }

  /** Ends the watching; throws if it never looked. */
  async stop(): Promise<void> {
    this.over = true;
    await this.vm.ssh(`rm -f ${this.patternFile}`, { timeoutSeconds: 20 });
    await this.watching;
    if (this.samples === 0 || this.hostRounds === 0) throw new Error("the secret watch never looked");
  }

  /** A text that a person or a program gets to see. */
  lookAt(place: string, text: string): void {
    for (const [name, secret] of Object.entries(this.secrets))
      if (text.includes(secret)) this.found.add(`${name} in ${place}`);
  }

  /** All files below these folders of this machine. */
  async lookInto(...folders: string[]): Promise<void> {
    const patterns = join(this.folder, "patterns");
    await writeFile(patterns, this.patterns(), { mode: 0o600 });
    const search = `grep -rlaF -f ${quote(patterns)} ${folders.map(quote).join(" ")} 2>/dev/null`;
    const { stdout } = await run("sh", ["-c", search]);
    for (const path of lines(stdout)) if (!path.startsWith(this.folder)) this.found.add(`a file: ${path}`);
  }

  /** This machine's temporary files of the run, and what the package keeps in its cache. */
  async lookAround(): Promise<void> {
    const fresh = this.freshFolders();
    const kept = readdirSync(cacheRoot).filter((name) => !/^(lab|run|gcroots|node-|pulumi-)/.test(name));
    await this.lookInto(...fresh, ...kept.map((name) => join(cacheRoot, name)));
  }

  /** All files of the host, and its logs; gives those of the allowed ones, in which the secrets belong, that hold one. */
  async lookAtHost(...allowed: string[]): Promise<string[]> {
    const { patternFile } = this;
    const looked = `${patternFile}.now`;
    const script = `umask 077; cat > ${looked}
grep -rlF ${notFiles} -f ${looked} / 2>/dev/null
journalctl --no-pager -o export 2>/dev/null | grep -qaF -f ${looked} && echo /the-journal
dmesg | grep -qF -f ${looked} && echo /the-kernel-log
rm -f ${looked} && echo looked`;
    const { stdout } = await this.vm.ssh(script, { input: this.patterns(), timeoutSeconds: 300 });
    const places = lines(stdout).filter((path) => !path.startsWith(patternFile));
    if (places.pop() !== "looked") throw new Error(`the host could not be searched:\n${stdout}`);
    for (const path of places) if (!allowed.includes(path)) this.found.add(`a file of the host: ${path}`);
    return places.filter((path) => allowed.includes(path));
  }

  private async watchHere(): Promise<void> {
    while (!this.over) {
      this.sampleProcesses();
      if (this.samples++ % 10 === 0) this.sampleFiles();
      await sleep(sampleMilliseconds / 1000);
    }
  }

  private sampleProcesses(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      for (const what of ["cmdline", "environ"]) {
        const text = readQuietly(`/proc/${pid}/${what}`);
        if (text !== "") this.lookAt(`the ${what} of ${readQuietly(`/proc/${pid}/comm`).trim()}`, text);
      }
    }
  }

  private sampleFiles(): void {
    for (const folder of this.freshFolders()) {
      for (const path of filesBelow(folder)) this.lookAt(path, readQuietly(path));
    }
  }

  private freshFolders(): string[] {
    return readdirSync(tmpdir())
      .filter((name) => temporaryFolder.test(name) && !this.before.has(name))
      .map((name) => join(tmpdir(), name));
  }

  /** One round lasts as long as a system of the host: the next one is another system, with another /proc. */
  private async watchHost(): Promise<void> {
    const { patternFile } = this;
    const script = `umask 077; cat > ${patternFile}
while [ -e ${patternFile} ]; do
  grep -lF -f ${patternFile} /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
    echo "$file: $(cat "\${file%/*}/comm")"
  done
  echo round
  sleep 0.4
done`;
    while (!this.over) {
      const { stdout } = await this.vm.ssh(script, { input: this.patterns(), timeoutSeconds: 600 });
      // The new system may have a new key, which is no business of this watch.
      await this.vm.forgetHostKeys();
      for (const line of lines(stdout)) {
        if (line === "round") this.hostRounds++;
        else this.found.add(`a process of the host: ${line.replace(/\d+/, "N")}`);
      }
      await sleep(1);
    }
  }

  /** One line each: grep takes every line for a pattern of its own. */
  private patterns(): string {
    return Object.values(this.secrets)
      .map((secret) => `${secret}\n`)
      .join("");
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** A process ends and a file goes whenever they like. */
function readQuietly(path: string): string {
  try {
    return statSync(path).size > largestSampleBytes ? "" : readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Without what symbolic links lead to. */
function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
