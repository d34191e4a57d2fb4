#!/usr/bin/env node
// A stand-in for cosign: it knows the options of version 2, and puts a manifest where the real one puts a signature.
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";

const argv = process.argv.slice(2);
if (argv.includes("--help")) {
  process.stdout.write("  --tlog-upload\n  --new-bundle-format\n");
  process.exit(0);
}
appendFileSync(join(process.env.BUILDAH_STANDIN, "calls"), `${JSON.stringify(["cosign", ...argv])}\n`);
const password = readFileSync(0, "utf8");
const key = readFileSync(argv[argv.indexOf("--key") + 1], "utf8");
if (!key.includes("PRIVATE KEY") || password !== "opens the key") {
  process.stderr.write("Error: signing: reading key: decrypt: encrypted: decryption failed\n");
  process.exit(1);
}

const [, host, repository, digest] = /^([^/]+)\/(.+)@(sha256:.*)$/.exec(argv.at(-1));
const { auths } = JSON.parse(readFileSync(join(process.env.DOCKER_CONFIG, "config.json"), "utf8"));
const [hostname, port] = host.split(":");
const content = JSON.stringify({ signs: digest, with: createHash("sha256").update(key).digest("hex") });
const asked = request(
  {
    method: "PUT",
    hostname,
    port,
    path: `/v2/${repository}/manifests/${digest.replace(":", "-")}.sig`,
    ca: readFileSync(process.env.SSL_CERT_FILE),
    headers: {
      authorization: `Basic ${auths[host].auth}`,
      "content-type": "application/vnd.oci.image.manifest.v1+json",
    },
  },
  (answer) => {
    answer.resume();
    answer.on("end", () => process.exit(answer.statusCode === 201 ? 0 : 1));
  },
);
asked.end(content);
