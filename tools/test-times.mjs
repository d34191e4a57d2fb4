import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { root } from "./setup/paths.mjs";

const page = join(root, "docs", "testing.md");
const begin = "<!-- times: npm run test:e2e -- --write-times -->";
const end = "<!-- end of times -->";

/** Puts the times of a run into docs/testing.md: a part for each file that ran; those of the others stay. */
export function keepTimes(resultFile) {
  const text = readFileSync(page, "utf8");
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  const parts = partsOf(text.slice(from, to));
  for (const result of JSON.parse(readFileSync(resultFile, "utf8")).testResults) {
    const part = partOf(result);
    parts.set(part.file, part);
  }
  const sorted = [...parts.values()].sort((a, b) => b.minutes - a.minutes);
  const sum = sorted.reduce((total, part) => total + part.minutes, 0);
  const summary = `${sum.toFixed(1)} minutes of VMs in all, three at a time.`;
  const body = [summary, ...sorted.map((part) => part.text.trim())].join("\n\n");
  writeFileSync(page, `${text.slice(0, from)}\n\n${body}\n\n${text.slice(to)}`);
}

function partsOf(text) {
  const parts = text.split(/^(?=### )/m).slice(1);
  return new Map(
    parts.map((part) => {
      const [, file = "", minutes] = /^### `(.*)`: ([\d.]+) min/.exec(part) ?? [];
      return [file, { file, minutes: Number(minutes), text: part }];
    }),
  );
}

function partOf({ name, startTime, endTime, assertionResults }) {
  const file = basename(name);
  const minutes = (endTime - startTime) / 60_000;
  const date = new Date(startTime).toISOString().slice(0, 10);
  const rows = assertionResults.map(({ ancestorTitles, title, duration }) => [
    [...ancestorTitles.slice(1), title].join(" › ").replaceAll("|", "\\|"),
    `${((duration ?? 0) / 1000).toFixed(0)} s`,
  ]);
  // As prettier would align it.
  const width = (column) => Math.max(...[...rows, ["test", "time"]].map((row) => row[column].length));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(width(column))).join(" | ")} |`;
  const rule = `| ${[0, 1].map((column) => "-".repeat(width(column))).join(" | ")} |`;
  const heading = `### \`${file}\`: ${minutes.toFixed(1)} min (${date}, ${cpus().length} cores)`;
  const table = [line(["test", "time"]), rule, ...rows.map(line)].join("\n");
  return { file, minutes, text: `${heading}\n\n${table}` };
}
