#!/usr/bin/env node
// A stand-in for buildah: images are files of a folder, a look into one prints what was recorded of a real one, a push is a PUT.
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";

const store = process.env.BUILDAH_STANDIN;
mkdirSync(join(store, "images"), { recursive: true });

const [command, ...rest] = process.argv.slice(2);
const options = new Map();
const words = [];
for (const word of rest) {
  const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) words.push(word);
  else options.set(name, value ?? "");
}
appendFileSync(join(store, "calls"), `${JSON.stringify(process.argv.slice(2))}\n`);

/** What the test wants to happen, and what its images hold. */
const settings = JSON.parse(readFileSync(join(store, "settings.json"), "utf8"));

const commands = { pull, tag, build, inspect, push, rmi, rm: () => {}, containers: () => {} };
if (command === "--version") process.stdout.write("buildah version 1.28.2 (a stand-in)\n");
else if (command in commands) await commands[command]();
else fail(`the stand-in for buildah does not know: ${process.argv.slice(2).join(" ")}`);

function pull() {
  if (settings.pullFails) fail(settings.pullFails, 125);
  const id = digits(words[0]);
  save(id, { id, kind: "base", labels: { "ostree.bootable": "1", "ostree.linux": "the base's" } });
  process.stderr.write("Getting image source signatures\nCopying blob sha256:0123456789abcdef done\n");
  process.stdout.write(`${id}\n`);
}

function tag() {
  save(words[1], load(words[0]));
}

function build() {
  const recipe = readFileSync(options.get("file"), "utf8");
  const from = load(options.get("from"));
  if (dirname(options.get("file")) === "look") {
    process.stdout.write(`STEP 1/2: FROM x\nSTEP 2/2: RUN look\n${readFileSync(settings.holds[from.kind])}`);
    return;
  }
  const steps = recipe.split("\n").filter((line) => /^(FROM|RUN|COPY|LABEL) /.test(line));
  steps.forEach((step, index) => process.stdout.write(`STEP ${index + 1}/${steps.length}: ${step}\n`));
  if (settings.buildFails) fail(settings.buildFails, 3);
  const labels = [...recipe.matchAll(/^LABEL "(.*)"="(.*)"$/gm)].map(([, name, value]) => [name, value]);
  // As a real one: no two builds are the same.
  const id = digits(randomBytes(8).toString("hex"));
  save(options.get("tag"), {
    id,
    kind: "finished",
    labels: { ...from.labels, ...Object.fromEntries(labels) },
  });
  process.stdout.write(`COMMIT ${options.get("tag")}\n${id}\n`);
}

function inspect() {
  const { id, labels } = load(words[0]);
  const image = {
    FromImageID: id,
    OCIv1: { architecture: settings.architecture, config: { Labels: labels } },
  };
  process.stdout.write(JSON.stringify(image));
}

async function push() {
  const { id } = load(words[0]);
  const [, host, repository, name] = /^docker:\/\/([^/]+)\/(.+):([^:]+)$/.exec(words[1]) ?? [];
  const { auths } = JSON.parse(readFileSync(options.get("authfile"), "utf8"));
  const content = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { digest: `sha256:${id}`, size: 1000 },
    layers: [{ digest: `sha256:${digits("layer")}`, size: 5000 }],
  });
  const digest = `sha256:${digits(content)}`;
  for (const place of [name, digest]) {
    const status = await put(host, `/v2/${repository}/manifests/${place}`, auths[host].auth, content);
    if (status === 401) fail("Error: trying to reuse blob: unauthorized: authentication required", 125);
    if (status !== 201) fail(`Error: writing manifest: HTTP ${status}`, 125);
  }
  writeFileSync(options.get("digestfile"), settings.pushesAnother ?? digest);
}

function rmi() {
  for (const name of words) rmSync(fileOf(name), { force: true });
}

function put(host, path, auth, content) {
  const [hostname, port] = host.split(":");
  const ca = readFileSync(join(options.get("cert-dir"), "ca.crt"));
  const headers = {
    authorization: `Basic ${auth}`,
    "content-type": "application/vnd.oci.image.manifest.v1+json",
  };
  return new Promise((resolve, reject) => {
    const asked = request({ method: "PUT", hostname, port, path, ca, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    asked.on("error", reject);
    asked.end(content);
  });
}

function load(name) {
  return JSON.parse(readFileSync(fileOf(name), "utf8"));
}

function save(name, image) {
  writeFileSync(fileOf(name), JSON.stringify(image));
}

function fileOf(name) {
  return join(store, "images", encodeURIComponent(name));
}

function digits(text) {
  return createHash("sha256").update(text).digest("hex");
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
