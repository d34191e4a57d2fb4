// Part of a stand-in for an ostree machine: systemd's and other tools, as far as the product asks for them.
import type { PlayedFcos, Rule } from "./fcos-played";
import { fails, says, type ToolReply } from "./fcos-tools";
import { startUnit } from "./fcos-started-units";

const finalizer = "ostree-finalize-staged.service";

export const systemRules: readonly Rule[] = [
  [/^uname -r$/, (machine) => says(`${machine.kernel}\n`)],
  [
    /^systemctl list-jobs$/,
    ({ isGoingDown }) => says(isGoingDown ? "312 reboot.target start waiting\n" : "No jobs running.\n"),
  ],
  [/^uname -m$/, ({ quirks }) => says(`${quirks.architecture ?? "x86_64"}\n`)],
  [/^systemctl (?:--\S+ )*reboot/, (machine) => (machine.reboot(), {})],
  [/^systemctl (?:--\S+ )*stop (?:--\S+ )*(\S+)$/, (machine, _, match) => stop(machine, match[1] ?? "")],
  [/^systemctl (?:--\S+ )*start (?:--\S+ )*(\S+)$/, (machine, _, match) => start(machine, match[1] ?? "")],
  [
    /^systemctl (?:--\S+ )*mask (.*)$/,
    (machine, _, match) => forEach(match[1], (unit) => mask(machine, unit)),
  ],
  [
    /^systemctl (?:--\S+ )*unmask (.*)$/,
    ({ units }, _, match) => forEach(match[1], (unit) => units.masked.delete(unit)),
  ],
  [
    /^systemctl (?:--\S+ )*(enable|disable|reset-failed|daemon-reload)\b(.*)$/,
    (machine, _, match) => change(machine, match[1] ?? "", match[2] ?? ""),
  ],
  [
    /^systemctl (?:-\S+ )*is-(active|failed|enabled) (?:-\S+ )*(\S+)$/,
    (machine, { args }, match) => is(machine, match[1] ?? "", match[2] ?? "", args),
  ],
  [
    /^systemctl is-system-running/,
    ({ units }) => {
      const fine = units.failed.length === 0;
      return { stdout: fine ? "running\n" : "degraded\n", exitCode: fine ? 0 : 1 };
    },
  ],
  [
    /^systemctl .*--failed/,
    ({ units }) => says(units.failed.map((name) => `${name} loaded failed failed ${name}\n`).join("")),
  ],
  [/^systemctl show (.*)$/, (machine, _, match) => show(machine, (match[1] ?? "").split(" "))],
  [
    /^systemctl status .*?(\S+\.(?:service|timer|path))/,
    ({ units }, _, match) =>
      says(
        `${match[1]}\n     Active: ${units.stateOf(match[1] ?? "")}\n${units.journal.get(match[1] ?? "") ?? ""}\n`,
      ),
  ],
  [/^journalctl\b(.*)$/, (machine, _, match) => says(journal(machine, match[1] ?? ""))],
  [/^df\b(.*)$/, (machine, _, match) => says(space(machine, match[1] ?? ""))],
  [/^findmnt\b/, () => says("/dev/vda4\n")],
];

/** `is-active`, `is-failed`, `is-enabled`: a word, unless it is to be quiet, and an exit code. */
function is({ units }: PlayedFcos, question: string, unit: string, args: string[]): ToolReply {
  const state = units.stateOf(unit);
  const file = units.masked.has(unit) ? "masked" : units.enabled.has(unit) ? "enabled" : "disabled";
  const word = question === "enabled" ? file : state;
  const quiet = args.some((arg) => arg === "-q" || arg === "--quiet");
  return {
    stdout: quiet ? "" : `${word}\n`,
    exitCode: word === question ? 0 : question === "active" ? 3 : 1,
  };
}

function stop({ deployments, units }: PlayedFcos, unit: string): ToolReply {
  if (unit === finalizer) deployments.finalize("now");
  else units.stop(unit);
  return {};
}

function start(machine: PlayedFcos, unit: string): ToolReply {
  const { deployments, units } = machine;
  if (unit === finalizer) {
    if (deployments.staged) units.set(unit, "active");
    return {};
  }
  if (units.masked.has(unit)) return fails(`Failed to start ${unit}: Unit ${unit} is masked.`);
  if (machine.root.has(`etc/systemd/system/${unit}`)) startUnit(machine, unit);
  else units.set(unit, "active");
  return {};
}

function mask({ units }: PlayedFcos, unit: string): void {
  units.masked.add(unit);
  units.set(unit, "inactive");
}

function change(machine: PlayedFcos, verb: string, rest: string): ToolReply {
  const { root } = machine;
  for (const unit of wordsOf(rest)) {
    const link = `etc/systemd/system/multi-user.target.wants/${unit}`;
    if (verb === "enable") root.write(link, "a link");
    if (verb === "disable") root.remove(link);
  }
  return {};
}

function show({ units }: PlayedFcos, words: string[]): ToolReply {
  const names = words.filter((word) => /\.(service|timer|path|target)$/.test(word));
  const bare = words.includes("--value") || words.some((word) => word.startsWith("-P"));
  const properties = words.flatMap((word, index) => {
    const [, list] = /^(?:--property=|-[pP])(.+)$/.exec(word) ?? [];
    return list?.split(",") ?? (/^-[pP]$/.test(word) ? (words[index + 1] ?? "").split(",") : []);
  });
  const texts = names.map((name) => {
    const failed = units.stateOf(name) === "failed";
    const values: Record<string, string> = {
      Id: name,
      ActiveState: units.stateOf(name),
      SubState: failed ? "failed" : units.isActive(name) ? "running" : "dead",
      Result: failed ? "exit-code" : "success",
      LoadState: units.masked.has(name) ? "masked" : "loaded",
      UnitFileState: units.masked.has(name) ? "masked" : "enabled",
    };
    return properties.map((each) => `${bare ? "" : `${each}=`}${values[each] ?? ""}`).join("\n");
  });
  return says(`${texts.join("\n\n")}\n`);
}

function journal({ units }: PlayedFcos, rest: string): string {
  const unit = /(?:-u\s*|--unit=)(\S+)/.exec(rest)?.[1] ?? "";
  const words = units.journal.get(unit);
  return words === undefined ? "-- No entries --\n" : `${words}\n`;
}

function space({ quirks }: PlayedFcos, rest: string): string {
  const { boot = 200_000_000, sysroot = 20_000_000_000 } = quirks.free ?? {};
  const paths = wordsOf(rest);
  const bytes = paths.map((path) => (path.startsWith("/boot") ? boot : sysroot));
  const unit = /-\S*k|-P/.test(rest) ? 1024 : 1;
  if (rest.includes("--output=avail"))
    return ["Avail", ...bytes.map((each) => Math.floor(each / unit))].join("\n") + "\n";
  const rows = bytes.map((each, index) => `/dev/vda ${2e9} 1 ${Math.floor(each / unit)} 50% ${paths[index]}`);
  return ["Filesystem 1024-blocks Used Available Capacity Mounted on", ...rows].join("\n") + "\n";
}

const wordsOf = (text = ""): string[] =>
  text.split(" ").filter((word) => word !== "" && !word.startsWith("-"));

function forEach(text: string | undefined, work: (unit: string) => void): ToolReply {
  for (const word of wordsOf(text)) work(word);
  return {};
}
