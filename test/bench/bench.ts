import { labKey } from "../lab/keys";
import { prepareLab } from "../lab";
import { startQuickstart } from "../lab/quickstart";
import { measureCreates } from "./creates";
import { measureEightCopies } from "./eight-copies";
import { table, type Figure } from "./figures";
import { measureLayeredImage } from "./layered-image";
import { measureLifetime } from "./lifetime";
import { loopbackHosts } from "./loopback-host";
import { pulumiMachine } from "./pulumi-machine";
import { conditions, writeReport } from "./report";
import { measureResume } from "./resume";
import { measureSilentFailures } from "./silent-failures";
import { measureUploads } from "./uploads";

const creates = Number(
  /^--runs=(\d+)$/.exec(process.argv.find((argument) => argument.startsWith("--runs")) ?? "")?.[1] ?? 3,
);
const copies = 5;

const figures: Figure[] = [];
let failed = false;

/** Measures what it can; what it cannot is in the table with the reason, and in the exit code. */
async function bench(): Promise<void> {
  await prepareLab(say);
  await measure("the machine", onTheMachine);
  await measure("uploads over loopback", async () => {
    const hosts = await loopbackHosts();
    const host = await hosts.start();
    try {
      return [await measureUploads(host, "over loopback", copies)];
    } finally {
      await host.stop();
      await hosts.remove();
    }
  });
  await measure("eight copies at once", async () => [await measureEightCopies(copies)]);
  await measure("the layered image", () => measureLayeredImage(creates, say));
  const report = `${await conditions(creates, copies)}\n\n${table(figures)}`;
  console.log(`\n${report}`);
  if (process.argv.includes("--write")) say(`written: ${await writeReport(report)}`);
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

void bench().then(
  () => (process.exitCode = failed ? 1 : 0),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
