"use strict";

const { readFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const Sequencer = require("@jest/test-sequencer").default;

/** Files that docs/testing.md has a time for come first, the longest of them first of all; so no worker ends alone. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const minutes = minutesOfFiles();
    const of = ({ path }) => minutes.get(basename(path)) ?? 0;
    return [...super.sort(tests)].sort((a, b) => of(b) - of(a));
  }
};

function minutesOfFiles() {
  const text = readFileSync(join(__dirname, "../docs/testing.md"), "utf8");
  const headings = text.matchAll(/^### `(.*)`: ([\d.]+) min/gm);
  return new Map([...headings].map(([, file, minutes]) => [file, Number(minutes)]));
}
