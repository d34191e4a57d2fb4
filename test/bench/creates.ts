import { join } from "node:path";
import { kernel } from "../lab/debian";
import { kexecBundle } from "../lab/kexec-bundle";
import { labKey } from "../lab/keys";
import { nixEnvironment } from "../lab/mini-nixos";
import { run } from "../lab/shell";
import { mebibytes, median, ratio, seconds, timed, type Figure } from "./figures";
import { watchPlugin } from "./plugin-memory";
import type { PulumiFigures, PulumiMachine } from "./pulumi-machine";

const up = ["up", "--yes", "--skip-preview"];

interface Creates {
  ours: PulumiFigures[];
  /** Seconds from the first connection to the last proof: without Pulumi's own start and end. */
  provider: number[];
  peakMemory: number[];
  plain: { seconds: number; phases: Map<string, number> }[];
}

/** Creates by `pulumi up` and by a plain script in turns, each from the same saved Debian. The last one is Pulumi's. */
export async function measureCreates(
  machine: PulumiMachine,
  runs: number,
  log: (line: string) => void,
): Promise<{ figures: Figure[]; seconds: number[] }> {
  const creates: Creates = { ours: [], provider: [], peakMemory: [], plain: [] };
  for (let count = 1; count <= runs; count++) {
    await machine.reset();
    const plain = await plainInstall(machine);
    creates.plain.push(plain);
    log(`create ${count} of ${runs} by the plain script: ${plain.seconds.toFixed(1)} s`);
    await machine.reset();
    const create = await createByPulumi(machine, creates);
    log(`create ${count} of ${runs} by pulumi up: ${create.seconds.toFixed(1)} s`);
  }
  return { figures: figuresOf(creates), seconds: creates.ours.map((create) => create.seconds) };
}

async function createByPulumi(
  machine: PulumiMachine,
  { ours, provider, peakMemory }: Creates,
): Promise<PulumiFigures> {
  const memory = watchPlugin(machine.lab.stack.folder);
  const create = await machine.pulumi(up);
  const watched = memory.stop();
  watched.catch(() => undefined); // a create that failed says more
  if (create.code !== 0) throw new Error(`pulumi up ended with ${create.code}:\n${create.output}`);
  ours.push(create);
  provider.push((create.timeline.momentOf("confirm: kernel") - machine.proxy.firstConnection()) / 1000);
  peakMemory.push(await watched);
  return create;
}

async function plainInstall({ lab }: PulumiMachine): Promise<Creates["plain"][number]> {
  await lab.vm.forgetHostKeys();
  const script = join(__dirname, "plain-install.sh");
  const arguments_ = [
    String(lab.vm.port),
    (await labKey()).privateKeyPath,
    join(lab.vm.dir, "known_hosts"),
    (await kexecBundle()).path,
    `${lab.flake}#alpha`,
    (await kernel("c")).release,
  ];
  const { result, seconds } = await timed(() =>
    run("bash", [script, ...arguments_], { env: nixEnvironment }),
  );
  if (result.code !== 0) {
    const serial = (await lab.vm.serialLog()).slice(-3000);
    throw new Error(
      `the plain script ended with ${result.code}:\n${result.stdout}${result.stderr}\nthe machine's console:\n${serial}`,
    );
  }
  const lines = result.stdout.trim().split("\n");
  return { seconds, phases: new Map(lines.map((line) => [line.split(" ")[0]!, Number(line.split(" ")[1])])) };
}

function figuresOf({ ours, provider, peakMemory, plain }: Creates): Figure[] {
  const whole = ours.map((create) => create.seconds);
  const plainWhole = plain.map((install) => install.seconds);
  const phases = ours.map((create) => create.timeline.phases());
  const names = [...phases[0]!.keys()];
  const of = (runs: Map<string, number>[], name: string): number[] =>
    runs.flatMap((run) => run.get(name) ?? []);
  return [
    {
      what: "Whole create on the VM",
      measured: `**${ratio(whole, plainWhole)}** = ${seconds(whole)} / ${seconds(plainWhole)}`,
      aim: "≤ 1.1",
      how: "`pulumi up` (Pulumi's own start included) / a plain OpenSSH script that proves nothing, in turns from the same VM snapshot",
    },
    {
      what: "– the provider's part of it",
      measured: `${ratio(provider, plainWhole)} = ${seconds(provider)} / ${seconds(plainWhole)}`,
      how: "from the first connection to the last proof",
    },
    ...names.map((name): Figure => {
      const theirs = of(
        plain.map((install) => install.phases),
        name,
      );
      return {
        what: `– ${name}`,
        measured: seconds(of(phases, name)) + (theirs.length > 0 ? `; plain ${seconds(theirs)}` : ""),
        how: howOf[name] ?? "",
      };
    }),
    {
      what: "ssh connections of a create",
      measured: ours.map((create) => create.connections).join(", "),
      aim: "3",
      how: "counted by a TCP proxy in front of the host: each on which the host said something",
    },
    {
      what: "Peak memory of the plugin in a create",
      measured: mebibytes(median(peakMemory)),
      how: "VmHWM of the dynamic provider's process",
    },
  ];
}

const howOf: Record<string, string> = {
  preflight: "ours: facts, upload, sha256, unpack, rehearsed load; plain: upload, unpack",
  build: "both evaluate; everything is built already",
  kexec: "until the installer answered",
  disko: "copy of the script, partitions, file systems",
  install: "closure, host keys, nixos-install",
  reboot: "until the installed kernel answered",
  confirm: "until systemd has started everything; the plain script leaves this out",
};
