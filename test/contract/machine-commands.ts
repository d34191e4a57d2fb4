// Part of a stand-in for a machine: what each of the product's scripts does to it. It knows these and no others.
import { createHash } from "node:crypto";
import { bootEntry, type PlayedMachine, type Rule } from "./machine-parts";
import { probeOutput } from "./machine-probe";
import { beginDisko, disksRules } from "./played-disks";
import { installEffects, installRules, removeKeysInJob } from "./played-install";
import { kexecRules } from "./played-kexec";
import { leaseRules } from "./played-lease";
import { addToStore, flush, flushInJob, isBroken, powerEffects, powerRules } from "./played-power";
import type { ExecRequest, Reply } from "./ssh-host";

export interface PlayedCommand {
  name: string;
  play(machine: PlayedMachine, request: ExecRequest): Reply;
}

export function commandOf(request: ExecRequest): PlayedCommand | undefined {
  const text = request.script === "" ? request.command : request.script;
  for (const rule of rules) {
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    return {
      name: typeof rule.name === "string" ? rule.name : rule.name(match),
      play: (machine, asked) => rule.play(machine, match, asked),
    };
  }
  return undefined;
}

const rules: readonly Rule[] = [
  ...kexecRules,
  ...installRules,
  ...disksRules,
  {
    name: "probe",
    pattern: /^echo '@@begin (lease|boot_id)'/,
    play: (machine, _, { script }) => {
      machine.ram.probed = true;
      return { stdout: probeOutput(machine, script) };
    },
  },
  {
    name: "is the bundle there",
    pattern: /^sha256sum \S+ 2>\/dev\/null \| grep -q '\^([0-9a-f]{64}) '$/,
    play: ({ ram }, match) => ({ exitCode: sha256(ram.bundle) === match[1] ? 0 : 1 }),
  },
  { name: "upload folder", pattern: /^mkdir -p -m 700 /, play: () => ({}) },
  {
    name: "upload",
    pattern: /^sh -c .*\.part/s,
    play: ({ ram }, _, { stdin }) => {
      ram.bundle = stdin;
      return {};
    },
  },
  {
    name: "kernel words",
    pattern: /^\{ dmesg /,
    play: () => ({ stdout: "kexec_core: Nothing has been loaded\n" }),
  },
  { name: "receipt", pattern: /receipt\.json\.tmp/, play: writeReceipts },
  { name: "end stale relays", pattern: /is_nix\(\)/, play: () => ({}) },
  { name: "nix-daemon", pattern: /exec nix-daemon --stdio(.*)/, play: takeClosure },
  {
    name: (match) => `is ${match[1]} at work`,
    pattern: /^\[ ! -e \S+\/jobs\/(\w+)\/rc \] && grep -qs "\S+\/jobs\/\1\/start" /,
    play: ({ quirks }, match) => ({ exitCode: quirks.jobAtWork === match[1] ? 0 : 1 }),
  },
  {
    name: (match) => `start ${match[1]}`,
    pattern:
      /^left_over\(\) \{\n  \[ -e \/run\/pulumi-immutable-os\/jobs\/(\w+)\/rc \][\s\S]*printf '%s\\n' ([\s\S]*?) > \S+\/script$/m,
    play: startJob,
  },
  {
    name: (match) => `follow ${match[2]}`,
    pattern: /^n=(\d+); i=0[\s\S]*\/jobs\/(\w+)\/rc/,
    play: ({ ram }, match) => {
      const job = ram.jobs.get(match[2] ?? "");
      if (job === undefined) return { exitCode: 76 };
      const unseen = job.output.split("\n").slice(Number(match[1]) - 1);
      return { stdout: unseen.join("\n") };
    },
  },
  {
    name: (match) => `rc of ${match[1]}`,
    pattern: /^cat \S+\/jobs\/(\w+)\/rc$/,
    play: ({ ram }, match) => {
      const job = ram.jobs.get(match[1] ?? "");
      return job ? { stdout: `${job.exitCode}\n` } : { exitCode: 1, stderr: "cat: no such file\n" };
    },
  },
  {
    name: "reboot",
    pattern: /then systemctl reboot; else reboot/,
    play: (machine) => {
      flush(machine);
      machine.rebootFromDisk();
      return {};
    },
  },
  ...leaseRules,
  ...powerRules,
  { name: "end of the start", pattern: /is-system-running --wait/, play: () => ({}) },
];

function writeReceipts(machine: PlayedMachine, _: RegExpExecArray, { script }: ExecRequest): Reply {
  let stdout = "";
  for (const [, json = "", path = ""] of script.matchAll(/^printf '%s\\n' '(.*)' > (\S+)\.tmp/gm)) {
    if (path.startsWith("/run/")) machine.ram.receipt = json;
    else if (path.startsWith("/mnt/") || machine.system === "nixos") machine.disk.receipt = json;
    else machine.violations.push(`a receipt on the old system's disk: ${path}`);
    machine.receipts.push(`${path.startsWith("/run/") ? "ram" : "disk"} ${json}`);
    stdout += `${json}\n`;
  }
  return { stdout };
}

function takeClosure(machine: PlayedMachine, match: RegExpExecArray, { stdin }: ExecRequest): Reply {
  const path = /closure of (\S+)/.exec(stdin)?.[1];
  if (path === undefined) return { exitCode: 1, stderr: "error: unexpected end-of-file\n" };
  const toDisk = (match[1] ?? "").includes("root=/mnt");
  if (toDisk && !machine.disk.mounted) return { exitCode: 1, stderr: "error: /mnt/nix is not writable\n" };
  if (path.includes("does-not-fit"))
    return { exitCode: 1, stderr: "error: writing to file: No space left on device\n" };
  addToStore(machine, toDisk ? machine.disk.store : machine.liveStore, path);
  return { stdout: "all paths are valid\n" };
}

function startJob(machine: PlayedMachine, match: RegExpExecArray): Reply {
  const [, name = "", quoted = ""] = match;
  const scripted = machine.quirks.jobs?.[name];
  const toplevel = /\/nix\/store\/[0-9a-z]{32}-[\w.-]+/.exec(quoted)?.[0] ?? "";
  const effect = effects[name];
  if (effect === undefined) machine.violations.push(`a job that this model does not know: ${name}`);
  if (machine.quirks.jobAtWork === name) machine.violations.push(`a second ${name} beside one at work`);
  if (name === "disko") beginDisko(machine);
  flushInJob(machine, quoted);
  const job = scripted ?? { output: `${name} of ${toplevel}\n`, exitCode: 0 };
  // 4 is how switch-to-configuration says: active, but some units failed.
  if (job.exitCode === 0 || job.exitCode === 4) effect?.(machine, toplevel);
  if (name === "disko") removeKeysInJob(machine, quoted);
  machine.ram.jobs.set(name, job);
  return {};
}

const effects: Record<string, (machine: PlayedMachine, toplevel: string) => void> = {
  ...installEffects,
  ...powerEffects,
  disko(machine, script) {
    const { disk, ram } = machine;
    if (script.includes("disko-mount")) return void (disk.mounted = true);
    const rule = (fine: boolean, text: string): void =>
      void (fine || machine.violations.push(`wiped ${text}`));
    rule(machine.system === "installer", `in ${machine.system}`);
    rule(ram.probed, "before the installer was probed");
    rule(/"serial":"LABDISK1".*"done":\["kexec"\]/.test(ram.receipt), `by the receipt ${ram.receipt}`);
    rule(ram.receipt.includes('"wiping":true'), `without a word in the receipt ${ram.receipt}`);
    rule(ram.store.has(script), "by a script that is not in the installer");
    rule(!machine.quirks.serialInInstaller, "another disk");
    rule(!machine.quirks.mountedInInstaller && !ram.volumesActive, "a disk in use");
    Object.assign(disk, {
      mounted: true,
      store: new Set(),
      profile: "",
      bootEntry: undefined,
      receipt: "",
      lease: "",
    });
    disk.wiped++;
  },
  install({ system, disk, quirks, violations }, toplevel) {
    if (system !== "installer" || !disk.mounted) violations.push(`installed in ${system}`);
    disk.profile = toplevel;
    disk.bootEntry = quirks.writesNoBootEntry
      ? undefined
      : { ...bootEntry(toplevel), ...(quirks.writesEmptyInitrd ? { initrdBytes: 0 } : {}) };
  },
  register(machine, toplevel) {
    machine.disk.profile = toplevel;
    // An empty switch-to-configuration does nothing, and ends with 0.
    if (!isBroken(machine, toplevel)) machine.disk.bootEntry = bootEntry(toplevel);
  },
  switch(machine, toplevel) {
    machine.current = toplevel;
    machine.disk.bootEntry = bootEntry(toplevel);
  },
};

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
