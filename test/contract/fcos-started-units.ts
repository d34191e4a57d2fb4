// Part of a stand-in for an ostree machine: units that the product put there, which run for real.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import type { PlayedFcos } from "./fcos-played";

const folder = "etc/systemd/system";

/** Units that the start of a system wants, and that are files of their own: systemd would start them now. */
export function startGuards(machine: PlayedFcos): void {
  const { root } = machine;
  const targets = ["sysinit", "basic", "multi-user"].map((name) => `${folder}/${name}.target.wants`);
  for (const name of new Set(targets.flatMap((target) => root.list(target)))) startUnit(machine, name);
}

export function startUnit(machine: PlayedFcos, name: string): void {
  const { root, units } = machine;
  const text = root.read(`${folder}/${name}`);
  const command = /^ExecStart=-?(.*)$/m.exec(text)?.[1];
  if (command === undefined || units.masked.has(name) || !conditionsHold(machine, text)) return;
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: root.folder,
    env: { ...machine.env, PLAYED_MACHINE: root.folder },
    detached: true,
    stdio: "ignore",
  });
  const { pid } = child;
  if (pid === undefined) return;
  appendFileSync(`${root.folder}/sessions`, `${pid}\n`);
  units.set(name, "active");
  units.processes.set(name, pid);
  child.on("exit", (code) => {
    if (units.processes.get(name) !== pid) return;
    units.processes.delete(name);
    units.set(name, code === 0 ? "inactive" : "failed");
  });
}

function conditionsHold({ root }: PlayedFcos, text: string): boolean {
  return [...text.matchAll(/^ConditionPathExists=(!?)(.*)$/gm)].every(
    ([, not, path = ""]) => root.has(root.restore(path)) === (not === ""),
  );
}
