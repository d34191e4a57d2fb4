// Part of a stand-in for a machine: files that an install writes, keys for its disks, and builds of its own.
import { createHash } from "node:crypto";
import type { PlayedMachine, Rule } from "./machine-parts";
import type { ExecRequest, Reply } from "./ssh-host";

export interface PlayedFile {
  text: string;
  mode: string;
  owner: string;
}

type Files = Map<string, PlayedFile>;

/** Gone with the content of the disk, and with the memory: whose objects are new then. */
const filesOf = new WeakMap<object, Files>();

export const diskFiles = (machine: PlayedMachine): Files => filesIn(machine.disk.store);
export const ramFiles = (machine: PlayedMachine): Files => filesIn(machine.ram);

function filesIn(place: object): Files {
  const files = filesOf.get(place) ?? new Map<string, PlayedFile>();
  filesOf.set(place, files);
  return files;
}

/** The users of every system here, once its activation has made them. */
const ids: Record<string, string> = { root: "0", alice: "1000", users: "100" };

export const installRules: readonly Rule[] = [
  { name: "write files", pattern: /^room_for\(\) \{/m, play: writeFiles },
  { name: "check files", pattern: /^settle\(\) \{/m, play: checkFiles },
  {
    name: "remove keys",
    pattern: /^rm -f [\s\S]*\necho gone$/,
    play: (machine, _, { script }) => {
      for (const [, path = ""] of script.split("\n", 1)[0]?.matchAll(/'([^']*)'/g) ?? [])
        ramFiles(machine).delete(path);
      return { stdout: "gone\n" };
    },
  },
  {
    name: "upload file",
    pattern: /^sh -c [\s\S]*\.part[\s\S]* '((?:\/mnt|\/tmp)\/[^']+)' '\d+'$/,
    play: (machine, match, { stdin }) => {
      const path = match[1] ?? "";
      put(machine, path.startsWith("/mnt/") ? "/mnt" : "", path.replace(/^\/mnt/, ""), stdin);
      return {};
    },
  },
];

/** disko's job removes the keys itself, whoever follows it: quoted once in the job, and once more in what starts it. */
export function removeKeysInJob(machine: PlayedMachine, quotedScript: string): void {
  const removal = /^rm -f (.*)$/m.exec(quotedScript)?.[1] ?? "";
  for (const [, path = ""] of removal.matchAll(/'\\''(\/.*?)'\\''/g)) ramFiles(machine).delete(path);
}

/** What the host's own Nix does: builds what was sent as a derivation; nothing is on its substituters. */
export const installEffects = {
  build(machine: PlayedMachine, derivation: string): void {
    const forDisk = machine.system === "installer" && !derivation.includes("-disko");
    const store = forDisk ? machine.disk.store : machine.liveStore;
    if (!store.has(derivation)) machine.violations.push(`${derivation} was built where it is not`);
    store.add(derivation.replace(/\.drv$/, ""));
  },
  fetch(): void {},
};

function writeFiles(machine: PlayedMachine, _: RegExpExecArray, { script }: ExecRequest): Reply {
  const root = rootOf(script);
  for (const [, path = ""] of script.matchAll(/^room_for '([^']*)'$/gm)) {
    if (path.startsWith("/var/run/"))
      return { exitCode: 3, stderr: `${root}${path}: ${root}/var/run is a symlink to /run\n` };
  }
  for (const [, path = "", text = ""] of script.matchAll(/^write '([^']*)' '((?:[^']|'\\'')*)'$/gm))
    put(machine, root, path, text.replaceAll(`'\\''`, "'"));
  return {};
}

function checkFiles(machine: PlayedMachine, _: RegExpExecArray, { script }: ExecRequest): Reply {
  const root = rootOf(script);
  const files = root === "/mnt" ? diskFiles(machine) : ramFiles(machine);
  let stdout = "";
  for (const [, path = "", mode = "", user = "", group = ""] of script.matchAll(
    /^settle '([^']*)' (\d+) '([^']*)' '([^']*)'$/gm,
  )) {
    const file = files.get(path);
    if (file === undefined) return { exitCode: 3, stderr: `${root}${path} is no file any more\n` };
    const [uid, gid] = [user, group].map((name) => (/^\d+$/.test(name) ? name : idOf(machine, name)));
    if (uid === undefined || gid === undefined)
      return { exitCode: 3, stderr: `${root}${path}: the new system has no user ${user}\n` };
    Object.assign(file, { mode, owner: `${uid}:${gid}` });
    const sha256 = createHash("sha256").update(file.text).digest("hex");
    stdout += `${mode} ${file.owner} ${uid}:${gid} ${Buffer.byteLength(file.text)} ${sha256}\n`;
  }
  return { stdout };
}

function idOf(machine: PlayedMachine, name: string): string | undefined {
  return machine.disk.profile === "" ? undefined : ids[name];
}

function put(machine: PlayedMachine, root: string, path: string, text: string): void {
  if (machine.system !== "installer")
    machine.violations.push(`${root}${path} was written in ${machine.system}`);
  if (root === "/mnt" && !machine.disk.mounted) machine.violations.push(`${path} was written to nowhere`);
  (root === "/mnt" ? diskFiles(machine) : ramFiles(machine)).set(path, { text, mode: "600", owner: "0:0" });
}

function rootOf(script: string): string {
  return /^root='([^']*)'$/m.exec(script)?.[1] ?? "";
}
