import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { NixosHost, type NixosHostArgs } from "pulumi-immutable-os";

/**
 * One host, declared by the file next to this program; `{ "secret": "name" }` there stands for a secret. Secrets lie in
 * a file, because Pulumi hands a program its configuration, decrypted, as an environment variable.
 */
const { host, secretsFile } = read("host.json") as { host: unknown; secretsFile: string };
const secrets = read(secretsFile) as Record<string, string>;
const web = new NixosHost("web", withSecrets(host) as NixosHostArgs);

export const kernel = web.booted.kernelRelease;

function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  const { secret } = value as { secret?: string };
  if (secret !== undefined) return pulumi.secret(secrets[secret] ?? "");
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSecrets(inner)]));
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
