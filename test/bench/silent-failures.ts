import { join } from "node:path";
import { kexecBundle } from "../lab/kexec-bundle";
import { labKey } from "../lab/keys";
import { run } from "../lab/shell";
import type { Figure } from "./figures";
import type { PulumiMachine } from "./pulumi-machine";

/** How long the plain script may wait before it is ended: it has no deadline of its own. */
const patienceSeconds = 60;

/** In kexec's delay, which the bundle's `run` shows by its sleep. */
const inTheDelay = "while ! grep -aqs 'sleep [6]' /proc/[0-9]*/cmdline; do sleep 0.2; done";
const bundles = "/root/.pulumi-immutable-os /root/install";

const causes = {
  "the image is unloaded": `for b in ${bundles}; do [ -x $b/kexec/kexec ] && $b/kexec/kexec --unload; done; true`,
  "the background sleep is killed": "pkill -f 'sleep [6]'; pkill -x sleep; true",
  "the bundle is removed": `rm -rf ${bundles}`,
};

/**
 * From the moment when the kexec can only fail, although its script said 0, to our error on the user's screen; and
 * what a script does meanwhile that waits as nixos-anywhere does.
 */
export async function measureSilentFailures(machine: PulumiMachine): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, cause] of Object.entries(causes)) {
    const ours = await oursAfter(machine, cause);
    figures.push({
      what: `Silent kexec failure: ${what}`,
      measured: `error after ${ours.toFixed(1)} s; plain: ${await plainAfter(machine, cause)}`,
      aim: "≤ kexec's delay of 6 s + 15 s",
      how: "it happens behind our back in the delay; from then to `[silent-kexec-failure]` on the screen. Plain: plain-kexec.sh",
    });
  }
  return figures;
}

async function oursAfter(machine: PulumiMachine, cause: string): Promise<number> {
  await machine.reset();
  const sabotage = sabotaged(machine, cause);
  const create = await machine.pulumi(["up", "--yes", "--skip-preview"]);
  return (create.timeline.momentOf("[silent-kexec-failure]") - (await sabotage)) / 1000;
}

async function plainAfter(machine: PulumiMachine, cause: string): Promise<string> {
  await machine.reset();
  const { vm } = machine.lab;
  const sabotage = sabotaged(machine, cause);
  const script = join(__dirname, "plain-kexec.sh");
  const { privateKeyPath } = await labKey();
  const arguments_ = [
    String(vm.port),
    privateKeyPath,
    join(vm.dir, "known_hosts"),
    (await kexecBundle()).path,
  ];
  // The sabotage comes a few seconds after the start: the upload is before it.
  const result = await run("bash", [script, ...arguments_], { timeoutSeconds: patienceSeconds + 30 });
  await sabotage;
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  return result.code === 0
    ? `exit code 0, "${last}"`
    : `no error, still "${last}" after ${patienceSeconds} s`;
}

/** When it had happened. */
async function sabotaged({ lab }: PulumiMachine, cause: string): Promise<number> {
  const { code, stderr } = await lab.vm.ssh(`${inTheDelay}; ${cause}`, { timeoutSeconds: 240 });
  if (code !== 0) throw new Error(`the sabotage did not work: ${stderr}`);
  return performance.now();
}
