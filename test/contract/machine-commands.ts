// Part of a stand-in for a machine: what each of the product's scripts does to it. It knows these and no others.
import { createHash } from "node:crypto";
import { bootEntry, installerInit, kernels, type PlayedMachine } from "./machine-parts";
import { probeOutput } from "./machine-probe";
import type { ExecRequest, Reply } from "./ssh-host";

export interface PlayedCommand {
  name: string;
  play(machine: PlayedMachine, request: ExecRequest): Reply;
}

interface Rule {
  name: string | ((match: RegExpExecArray) => string);
  /** Of the script, or of the command where there is no script. */
  pattern: RegExp;
  play(machine: PlayedMachine, match: RegExpExecArray, request: ExecRequest): Reply;
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
  {
    name: "probe",
    pattern: /^echo '@@begin boot_id'/,
    play: (machine, _, { script }) => {
      machine.ram.probed = true;
      return { stdout: probeOutput(machine, script) };
    },
  },
  {
    name: "boot_id",
    pattern: /^cat \/proc\/sys\/kernel\/random\/boot_id\n/,
    play: (machine) => ({ stdout: `${machine.ram.bootId}\n` }),
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
    name: "unpack",
    pattern: /\[ "\$seen" = ([0-9a-f]{64}) \][\s\S]*tar -xzf/,
    play: ({ ram }, match) => {
      if (sha256(ram.bundle) !== match[1])
        return { exitCode: 1, stderr: `the host has sha256 ${sha256(ram.bundle)}\n` };
      ram.unpacked = true;
      return {};
    },
  },
  {
    name: "rehearse kexec",
    pattern: /\.\/kexec --load bzImage .* --no-checks /,
    play: ({ ram }) =>
      ram.unpacked
        ? { stdout: `init init=${installerInit}\nrelease ${kernels.installer}\n` }
        : { exitCode: 2, stderr: "cd: can't cd to kexec\n" },
  },
  {
    name: "kexec",
    pattern: /kexec && \.\/run$/,
    play: (machine) => {
      if (!machine.ram.unpacked) return { exitCode: 2, stderr: "cd: can't cd to kexec\n" };
      if (!machine.mayKexec.has(machine.system)) machine.violations.push(`kexec in ${machine.system}`);
      if (!machine.quirks.kexecDoesNothing) machine.leaveFor("installer");
      return { stdout: "machine will boot into nixos in 6s...\n" };
    },
  },
  {
    name: "kernel words",
    pattern: /^\{ dmesg /,
    play: () => ({ stdout: "kexec_core: Nothing has been loaded\n" }),
  },
  { name: "kexec_loaded", pattern: /^cat \/sys\/kernel\/kexec_loaded$/, play: () => ({ stdout: "0\n" }) },
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
      /^rm -rf \/run\/pulumi-immutable-os\/jobs\/(\w+)$[\s\S]*printf '%s\\n' ([\s\S]*?) > \S+\/script$/m,
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
      machine.rebootFromDisk();
      return {};
    },
  },
  {
    name: "release leftovers",
    pattern: /^umount -R \/mnt$/m,
    play: ({ disk }) => {
      disk.mounted = false;
      return {};
    },
  },
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
  (toDisk ? machine.disk.store : machine.liveStore).add(path);
  return { stdout: "all paths are valid\n" };
}

function startJob(machine: PlayedMachine, match: RegExpExecArray): Reply {
  const [, name = "", quoted = ""] = match;
  const scripted = machine.quirks.jobs?.[name];
  const toplevel = /\/nix\/store\/[0-9a-z]{32}-[\w.-]+/.exec(quoted)?.[0] ?? "";
  const effect = effects[name];
  if (effect === undefined) machine.violations.push(`a job that this model does not know: ${name}`);
  if (machine.quirks.jobAtWork === name) machine.violations.push(`a second ${name} beside one at work`);
  const job = scripted ?? { output: `${name} of ${toplevel}\n`, exitCode: 0 };
  // 4 is how switch-to-configuration says: active, but some units failed.
  if (job.exitCode === 0 || job.exitCode === 4) effect?.(machine, toplevel);
  machine.ram.jobs.set(name, job);
  return {};
}

const effects: Record<string, (machine: PlayedMachine, toplevel: string) => void> = {
  disko(machine, script) {
    const { disk, ram } = machine;
    const rule = (fine: boolean, text: string): void =>
      void (fine || machine.violations.push(`wiped ${text}`));
    rule(machine.system === "installer", `in ${machine.system}`);
    rule(ram.probed, "before the installer was probed");
    rule(/"serial":"LABDISK1".*"done":\["kexec"\]/.test(ram.receipt), `by the receipt ${ram.receipt}`);
    rule(ram.store.has(script), "by a script that is not in the installer");
    rule(!machine.quirks.serialInInstaller, "another disk");
    rule(!machine.quirks.mountedInInstaller, "a mounted disk");
    Object.assign(disk, { mounted: true, store: new Set(), profile: "", bootEntry: undefined, receipt: "" });
    disk.wiped++;
  },
  install({ system, disk, quirks, violations }, toplevel) {
    if (system !== "installer" || !disk.mounted) violations.push(`installed in ${system}`);
    disk.profile = toplevel;
    disk.bootEntry = quirks.writesNoBootEntry
      ? undefined
      : { ...bootEntry(toplevel), ...(quirks.writesEmptyInitrd ? { initrdBytes: 0 } : {}) };
  },
  register({ disk }, toplevel) {
    disk.profile = toplevel;
    disk.bootEntry = bootEntry(toplevel);
  },
  switch(machine, toplevel) {
    machine.current = toplevel;
    machine.disk.bootEntry = bootEntry(toplevel);
  },
};

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
