import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { accelerator } from "../lab/accelerator";
import { sh } from "../lab/shell";

const path = join(__dirname, "../../docs/benchmarks.md");
const begin = "<!-- figures: npm run bench -- --write -->";
const end = "<!-- end of figures -->";

/** What the figures depend on. */
export async function conditions(creates: number, copies: number): Promise<string> {
  const kvm = (await accelerator(() => undefined)).includes("kvm");
  const line = async (command: string): Promise<string> => (await sh(`${command} 2>&1 | head -n 1`)).trim();
  const versions = await Promise.all([
    line("qemu-system-x86_64 --version | sed 's/ version//; s/ (.*//'"),
    line("ssh -V 2>&1 | sed 's/,.*//'"),
    line("nix --version"),
    line("pulumi version | sed 's/^/Pulumi /'"),
    line("buildah --version | sed 's/ version//; s/ (.*//'"),
  ]);
  return [
    `${new Date().toISOString().slice(0, 10)}; ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), QEMU with ${kvm ? "KVM" : "TCG (no KVM: the guest's processor is emulated)"};`,
    `${versions.join(", ")}, Node ${process.versions.node}.`,
    `Creates, images and moves: ${creates} each way; uploads and copies: ${copies} each way. A figure is the median, in brackets are all runs. Ratios are ours / theirs.`,
  ].join("\n");
}

/** Puts the report between the marks of docs/benchmarks.md. */
export async function writeReport(report: string): Promise<string> {
  const text = await readFile(path, "utf8");
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${path} has lost its marks ${begin} and ${end}`);
  await writeFile(path, `${before}${begin}\n\n${report}\n\n${end}${after}`);
  return path;
}
