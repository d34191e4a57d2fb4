"use strict";

// execa and what it needs are ES modules only; Jest loads CommonJS, so these packages are compiled as well.
const esmOnlyPackages = [
  "@sec-ant/readable-stream",
  "@sindresorhus/merge-streams",
  "execa",
  "figures",
  "get-stream",
  "human-signals",
  "is-plain-obj",
  "is-stream",
  "is-unicode-supported",
  "npm-run-path",
  "parse-ms",
  "path-key",
  "pretty-ms",
  "strip-final-newline",
  "unicorn-magic",
  "which-command",
  "yoctocolors",
];

const compile = [
  "@swc/jest",
  { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
];

const suite = (name) => ({
  displayName: name,
  rootDir: __dirname,
  roots: [`<rootDir>/test/${name}`],
  testMatch: ["**/*.test.ts"],
  testEnvironment: "node",
  // Its exports know no "require", the only condition under which Jest looks.
  moduleNameMapper: { "^unicorn-magic$": "<rootDir>/node_modules/unicorn-magic/node.js" },
  transform: { "\\.(ts|js)$": compile },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/node_modules/)?(?:${esmOnlyPackages.join("|")})/)`],
});

module.exports = {
  testSequencer: "<rootDir>/tools/longest-first.cjs",
  projects: ["unit", "contract", "package", "e2e"].map(suite),
};
