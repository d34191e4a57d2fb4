import { labKey } from "../lab/keys";
import { prepareLab } from "../lab";
import { startQuickstart } from "../lab/quickstart";
import { measureCreates } from "./creates";
import { measureEightCopies } from "./eight-copies";
import { measureFcosHost } from "./fcos-host";
import { table, type Figure } from "./figures";
import { measureLayeredImage } from "./layered-image";
import { measureLifetime } from "./lifetime";
import { loopbackHosts } from "./loopback-host";
import { pulumiMachine } from "./pulumi-machine";
import { conditions, writeReport } from "./report";
import { measureResume } from "./resume";
import { measureSilentFailures } from "./silent-failures";
import { measureUploads } from "./uploads";

const creates = Number(option("runs") ?? 3);
const copies = 5;
/** A word of what alone is to be measured, such as "FcosHost". */
const only = option("only") ?? "";
const write = process.argv.includes("--write");

const figures: Figure[] = [];
let failed = false;

/** Measures what it can; what it cannot is in the table with the reason, and in the exit code. */
async function bench(): Promise<void> {
  if (write && only !== "") throw new Error("--write puts the whole table into its place: not with --only");
  await prepareLab(say);
  await measureUnlessLeftOut("the machine", onTheMachine);
  await measureUnlessLeftOut("uploads over loopback", async () => {
    const hosts = await loopbackHosts();
    const host = await hosts.start();
    try {
      return [await measureUploads(host, "over loopback", copies)];
    } finally {
      await host.stop();
      await hosts.remove();
    }
  });
  await measureUnlessLeftOut("eight copies at once", async () => [await measureEightCopies(copies)]);
  await measureUnlessLeftOut("the layered image", () => measureLayeredImage(creates, say));
  await measureUnlessLeftOut("the FcosHost", () => measureFcosHost(creates, say));
  const report = `${await conditions(creates, copies)}\n\n${table(figures)}`;
  console.log(`\n${report}`);
  if (write) say(`written: ${await writeReport(report)}`);
}

async function measureUnlessLeftOut(what: string, work: () => Promise<Figure[]>): Promise<void> {
  if (what.includes(only)) await measure(what, work);
}

async function onTheMachine(): Promise<Figure[]> {
  const lab = await startQuickstart("alpha");
  try {
    const machine = await pulumiMachine(lab);
    let createSeconds: number[] = [];
    await measure("creates", async () => {
      const measured = await measureCreates(machine, creates, say);
      createSeconds = measured.seconds;
      return measured.figures;
    });
    await measure("the installed machine", () => measureLifetime(machine));
    await measure("the silent failures", () => measureSilentFailures(machine));
    await measure("the resume", () => measureResume(machine, createSeconds));
    await measure("uploads into the machine", async () => {
      await machine.reset();
      const hostKey = (await lab.vm.hostKeys()).find((key) => key.startsWith("ssh-ed25519 ")) ?? "";
      const target = { port: lab.vm.port, privateKeyPath: (await labKey()).privateKeyPath, hostKey };
      return [await measureUploads(target, "into the VM", copies)];
    });
    await machine.proxy.close();
  } finally {
    await lab.stop();
  }
  return [];
}

async function measure(what: string, work: () => Promise<Figure[]>): Promise<void> {
  say(`measuring ${what}`);
  try {
    figures.push(...(await work()));
  } catch (error) {
    failed = true;
    const reason = error instanceof Error ? error.message : String(error);
    say(`${what}: ${reason}`);
    figures.push({ what, measured: `not measured: ${reason.split("\n")[0]}`, how: "" });
  }
}

function say(line: string): void {
  console.error(`bench: ${line}`);
}

/** `--name=value` */
function option(name: string): string | undefined {
  const start = `--${name}=`;
  return process.argv.find((argument) => argument.startsWith(start))?.slice(start.length);
}

void bench().then(
  () => (process.exitCode = failed ? 1 : 0),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
