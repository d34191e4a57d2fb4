import { labKey } from "./keys";
import { prepareLab } from "./index";
import { copyByHand } from "./by-hand";
import { startQuickstart, type Quickstart } from "./quickstart";

/** The main job on a machine that is booted for it: one machine's life in six steps, each with its Pulumi command. */
async function demo(): Promise<void> {
  await prepareLab(say);
  say("booting a Debian machine (a VM on 127.0.0.1)");
  const lab = await startQuickstart("alpha");
  try {
    await story(lab);
    if (process.argv.includes("--keep")) await keep(lab);
  } finally {
    await lab.stop();
  }
}

async function story(lab: Quickstart): Promise<void> {
  const { vm, stack } = lab;
  const debian = await kernelOf(lab);

  title("1. A machine that runs Debian: what would happen, then let it happen");
  await type(lab, ["preview"]);
  await type(lab, ["up", "--yes", "--skip-preview"]);
  const installed = await kernelOf(lab);

  title("2. Nothing changed: nothing is done");
  await type(lab, ["preview"]);

  title("3. Somebody activates another system by hand; a refresh sees it");
  await copyByHand(vm, lab.flake, "alpha-unit", "switch");
  await type(lab, ["preview", "--refresh", "--diff"]);

  title("4. `up` repairs it");
  await type(lab, ["up", "--yes", "--refresh", "--skip-preview"]);

  title("5. Another kernel is declared");
  await lab.declare("beta");
  await type(lab, ["preview"]);
  await type(lab, ["up", "--yes", "--skip-preview"]);
  const updated = await kernelOf(lab);

  title("6. Back to the system before: declared again, taken from the machine's own store");
  await lab.declare("alpha");
  await type(lab, ["up", "--yes", "--skip-preview"]);
  const back = await kernelOf(lab);

  title("What was proved, by the machine itself");
  console.log(
    `  ${debian} (Debian) → ${installed} (installed) → ${updated} (updated) → ${back} (rolled back)`,
  );
  if (installed === debian || updated === installed || back !== installed)
    throw new Error("the kernels say otherwise");
  const history = (await stack.resource(":NixosHost"))?.outputs["history"];
  for (const { toplevel, kernelRelease, at } of (history ?? []) as Record<string, string>[]) {
    console.log(`  confirmed ${at}: ${kernelRelease} ${toplevel}`);
  }
  console.log("\nTo look around in the machine, run `npm run demo -- --keep`: it stays until Ctrl-C.");
}

/** Types the command, and shows what Pulumi prints, as it prints it. */
async function type({ stack }: Quickstart, args: string[]): Promise<void> {
  console.log(`\n$ pulumi ${args.join(" ")}`);
  const code = await stack.show(args);
  if (code !== 0) throw new Error(`pulumi ${args[0]} ended with exit code ${code}`);
}

async function kernelOf({ vm }: Quickstart): Promise<string> {
  // The host key stays, whatever system answers: the client of the lab checks it, too.
  return (await vm.ssh("uname -r")).stdout.trim();
}

async function keep({ vm, stack }: Quickstart): Promise<void> {
  const { privateKeyPath } = await labKey();
  console.log(`\nThe machine:  ssh -i ${privateKeyPath} -p ${vm.port} root@127.0.0.1`);
  console.log(`Its console:  ${vm.serialLogPath}\nIts stack:    ${stack.program}\nCtrl-C ends both.`);
  await new Promise<void>((done) => process.once("SIGINT", done));
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
