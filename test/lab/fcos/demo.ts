import { startFcosExample, type FcosExample } from "./example";
import { bootImage } from "./ostree-machine";

/** The main job of FcosLayeredImage: another kernel, an image that would panic refused, the good one booted. */
async function demo(): Promise<void> {
  say("a registry with a base image, and a server with kernels, on 127.0.0.1 (the first time: about 8 min)");
  const example = await startFcosExample("new");
  try {
    await story(example);
  } finally {
    await example.stop();
  }
}

async function story(example: FcosExample): Promise<void> {
  const { lab, stack } = example;

  title("1. Another kernel: its release is read from the RPMs before anything is built");
  await type(example, ["preview"]);
  await type(example, ["up", "--yes", "--skip-preview"]);

  title("2. Nothing changed: nothing is built");
  await type(example, ["preview"]);

  title(
    "3. A file of the program takes ostree out of the initramfs: such an image panics, and is not pushed",
  );
  const spoilt = { "/etc/dracut.conf.d/99-lean.conf": { content: 'omit_dracutmodules+=" ostree "\n' } };
  await stack.configure("files", JSON.stringify(spoilt));
  await type(example, ["up", "--yes", "--skip-preview"], "refused");
  await stack.expect(["config", "rm", "files"]);

  title("4. The good image, deployed by the real ostree on a new machine (a VM)");
  const { reference, kernelRelease } = (await stack.resource(":FcosLayeredImage"))?.outputs ?? {};
  const serial = await bootImage(lab, String(reference));
  const proof = /lab: booted with kernel (\S+)/.exec(serial);
  console.log(`\n  ${proof?.[0] ?? "it did not come up"}`);

  title("What was proved, by the machine itself");
  console.log(`  ${lab.kernels.old.release} (base) → ${String(proof?.[1])} (image)`);
  if (proof?.[1] !== kernelRelease) throw new Error(`the machine should run ${String(kernelRelease)}`);
}

/** Types the command, and shows what Pulumi prints, as it prints it. */
async function type(
  { stack }: FcosExample,
  args: string[],
  expected: "done" | "refused" = "done",
): Promise<void> {
  console.log(`\n$ pulumi ${args.join(" ")}`);
  const code = await stack.show(args);
  if ((code === 0) !== (expected === "done"))
    throw new Error(`pulumi ${args[0]} ended with exit code ${code}`);
}

function title(text: string): void {
  console.log(`\n\n── ${text}`);
}

function say(line: string): void {
  console.log(`demo: ${line}`);
}

demo().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
