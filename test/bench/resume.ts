import { ratio, seconds, timed, type Figure } from "./figures";
import { pluginsOf } from "./plugin-memory";
import type { PulumiMachine } from "./pulumi-machine";

const up = ["up", "--yes", "--skip-preview"];

/** The client is killed when the disks are written and the closure is on its way; then the same `up` once more. */
export async function measureResume(
  machine: PulumiMachine,
  fullCreates: readonly number[],
): Promise<Figure[]> {
  await machine.reset();
  await killedAtInstall(machine);
  const { lab } = machine;
  const { result, seconds: resumed } = await timed(() => lab.stack.pulumi(up));
  if (result.code !== 0) throw new Error(`the resume ended with ${result.code}:\n${result.output}`);
  if (result.output.includes("wiping ")) throw new Error(`the resume wiped again:\n${result.output}`);
  return [
    {
      what: "Resume after the client was killed (SIGKILL) in the phase install",
      measured: `**${ratio([resumed], fullCreates)}** = ${seconds([resumed])} / ${seconds(fullCreates)}`,
      how: "the next `pulumi up` / a whole create; the plain script knows nothing of the first run: it would begin at its start, a whole create",
    },
  ];
}

async function killedAtInstall({ lab }: PulumiMachine): Promise<void> {
  let killed: Promise<void> | undefined;
  let text = "";
  const run = await lab.stack.pulumi(up, {
    onOutput: (chunk) => {
      text += chunk;
      if (/\] install.*nixos-install|\] install.*copying the closure/.test(text))
        killed ??= killPlugin(lab.stack.folder);
    },
  });
  await killed;
  if (killed === undefined) throw new Error(`the phase install was not seen:\n${run.output}`);
  if (run.code === 0) throw new Error("the kill came too late");
}

async function killPlugin(stackFolder: string): Promise<void> {
  for (const pid of await pluginsOf(stackFolder)) process.kill(Number(pid), "SIGKILL");
}
