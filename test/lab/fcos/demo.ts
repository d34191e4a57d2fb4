import { startFcosHostExample, type FcosHostExample } from "./host-example";

const neverUp = { app: { command: "test -e /run/app-is-up", retries: 1, intervalSeconds: 1 } };

/** One program: another kernel in an image, a machine that is moved to it, back again, and that comes back by itself. */
async function demo(): Promise<void> {
  say("a registry, kernels, and a machine with Fedora CoreOS' tools (a VM); the first time: about 10 min");
  const example = await startFcosHostExample();
  try {
    await story(example);
  } finally {
    await example.stop();
  }
}

async function story(example: FcosHostExample): Promise<void> {
  const { lab, stack, machine, baseImage } = example;
  const kernels = { base: lab.kernels.old.release, new: lab.kernels.new.release };
  say(`the machine runs kernel ${await machine.run("uname -r")}`);

  title("1. The preview looks at the machine, and knows the new kernel before anything is built");
  await type(example, ["preview"]);

  title("2. The image is built and inspected; the machine is moved to its digest, and proves it");
  await type(example, up);
  await proof(example, kernels.new);

  title("3. Nothing changed: nothing is built, nothing reboots");
  await type(example, ["preview"]);

  title("4. Rolling back is declaring the earlier image: from the machine's own disk, the registry is off");
  await stack.configure("earlierImage", baseImage);
  await lab.registry.switchOff();
  await type(example, up);
  await lab.registry.switchOn();
  await proof(example, kernels.base);

  title("5. Forward again, with a health check that fails: the machine comes back by itself, and up fails");
  await stack.expect(["config", "rm", "earlierImage"]);
  await stack.configure("healthChecks", JSON.stringify(neverUp));
  await type(example, up, "refused");
  await proof(example, kernels.base);
}

const up = ["up", "--yes", "--skip-preview"];

/** What the machine itself says. */
async function proof({ machine }: FcosHostExample, kernel: string): Promise<void> {
  const seen = await machine.run("uname -r");
  console.log(`\n  on the machine: uname -r says ${seen}`);
  if (seen !== kernel) throw new Error(`the machine should run ${kernel}`);
}

/** Types the command, and shows what Pulumi prints, as it prints it. */
async function type(
  { stack }: FcosHostExample,
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
