#!/usr/bin/env node
// A stand-in for Nix: `build` and `eval` name what the flake's folder is called after, `copy` speaks to the relay's socket.
import { appendFileSync } from "node:fs";
import { createConnection } from "node:net";

const argv = process.argv.slice(2);
appendFileSync(process.env.NIX_STANDIN_CALLS, `${JSON.stringify({ argv, env: process.env })}\n`);

const command = argv.find((argument) => ["build", "eval", "path-info", "copy"].includes(argument));
if (command === "build") build();
else if (command === "eval") evaluate();
else if (command === "path-info") process.stdout.write(`/nix/store/dependency\n${argv.at(-1)}\n`);
else if (command === "copy") copy();
else fail(`the stand-in for nix does not know: ${argv.join(" ")}`);

/** `/flakes/<name of the store path>#…` */
function build() {
  const flake = argv.find((argument) => argument.includes(".toplevel")).split("#")[0];
  if (flake.includes("does-not-build")) fail("error: builder for 'kernel.drv' failed with exit code 2");
  const path = `/nix/store/${flake.split("/").at(-1)}`;
  process.stderr.write("building '/nix/store/kernel.drv'...\n");
  process.stdout.write(JSON.stringify([{ drvPath: `${path}.drv`, outputs: { out: path } }]));
}

/** The derivations of the system and of the disko script, each with its path. */
function evaluate() {
  const flake = argv.find((argument) => argument.startsWith("/flakes/")).split("#")[0];
  const paths = [
    `/nix/store/${flake.split("/").at(-1)}`,
    "/nix/store/22222222222222222222222222222222-disko",
  ];
  process.stdout.write(JSON.stringify(paths.map((path) => [`${path}.drv`, path])));
}

/** The real one speaks the daemon's protocol and ends when the other side has confirmed every path. */
function copy() {
  const path = argv.at(-1);
  const socket = createConnection(argv[argv.indexOf("--to") + 1].replace("unix://", ""));
  process.stderr.write(`copying path '${path}' to '${argv[argv.indexOf("--to") + 1]}'...\n`);
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk));
  socket.on("error", (error) => fail(`error: cannot open connection to remote store: ${error.message}`));
  socket.on("close", () => {
    if (!answer.includes("all paths are valid")) fail("error: unexpected end-of-file");
  });
  socket.end(`closure of ${path}\n${"nar ".repeat(10_000)}\n`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
