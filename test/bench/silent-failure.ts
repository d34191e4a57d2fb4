import type { Figure } from "./figures";
import type { PulumiMachine } from "./pulumi-machine";

/** In kexec's delay, which `run` shows by its sleep, the loaded image is taken away. */
const saboteur = `while ! grep -aqs 'sleep [6]' /proc/[0-9]*/cmdline; do sleep 0.2; done
/root/.pulumi-immutable-os/kexec/kexec --unload`;

/** From the moment when the kexec can only fail, although its script said 0, to our error on the user's screen. */
export async function measureSilentFailure(machine: PulumiMachine): Promise<Figure> {
  await machine.reset();
  const sabotage = machine.lab.vm
    .ssh(saboteur, { timeoutSeconds: 240 })
    .then((result) => ({ ...result, at: performance.now() }));
  const create = await machine.pulumi(["up", "--yes", "--skip-preview"]);
  const { code, stderr, at } = await sabotage;
  if (code !== 0) throw new Error(`the image was not unloaded: ${stderr}`);
  const late = (create.timeline.momentOf("[silent-kexec-failure]") - at) / 1000;
  return {
    what: "From the silent kexec failure to our error",
    measured: `${late.toFixed(1)} s`,
    aim: "≤ kexec's delay of 6 s + 15 s",
    how: "the image is unloaded behind our back in the delay; from then to `[silent-kexec-failure]` on the screen",
  };
}
