import { z } from "zod";

/** The single values that inputs consist of. Every message goes on after the property's path. */
export const text = z.string().min(1, "must not be empty");

const longestSeconds = 24 * 3600;
/** Beyond about 24 days a timer would fire at once; nothing here takes more than a day. */
export const seconds = z
  .number()
  .positive("must be a number of seconds above 0")
  .max(longestSeconds, `must be at most ${longestSeconds} seconds, which is a day`);

const portRange = "must be a port from 1 to 65535";
export const port = z.number().min(1, portRange).max(65535, portRange).int(portRange);

export const machineName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be a name of letters, digits, '.', '_' and '-'")
  .max(64, "must be a name of at most 64 characters");

/** A colon is right in an IPv6 address alone: `host:22` has one, an address at least two. */
const name = /(?!-)[\p{L}\p{N}._-]+/u;
const ipv6 = /[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*(%[\w.-]+)?/u;
export const host = text.regex(
  new RegExp(`^(${name.source}|${ipv6.source}|\\[${ipv6.source}\\])$`, "u"),
  'must be a name or an address alone, such as "web.example.org", "203.0.113.10" or "2001:db8::1": user and port have properties of their own',
);

export const loginName = text.regex(
  /^[^\s:@-][^\s:@]*$/,
  "must be a login name, without blanks, ':' and '@'",
);

/** It is handed to sudo as a line; one that was read from a file mostly has the file's last newline. */
export const password = text.regex(/^[^\r\n]+(\r?\n)?$/, "must be a single line");

export const storePath = z
  .string()
  .regex(
    /^\/nix\/store\/[0-9a-z]{32}-[^/\s]+(?<!\.drv)$/,
    "must be a built store path, such as /nix/store/<hash>-nixos-system-web-25.05",
  );

export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits, as sha256sum prints them");

/** As it stands in a file, with the newline at its end. */
const publicKey =
  /^(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*( .*)?\s*$|^SHA256:[A-Za-z0-9+/]{43}=?\s*$/;
const publicKeyWords = 'must be a public key ("ssh-ed25519 AAAA…") or a fingerprint ("SHA256:…")';

export const hostKey = z.union([
  z.string().regex(new RegExp(`${publicKey.source}|^accept-new$`), `${publicKeyWords}, or "accept-new"`),
  z.array(z.string().regex(publicKey, publicKeyWords)).min(1, "must name at least one key"),
]);

export const agent = z.union([
  z.boolean(),
  z.string().regex(/^\/./, "must be true, or the absolute path of an agent's socket"),
]);

export const flakeReference = z
  .string()
  .regex(/^[^#\s]+#[^#\s]+$/, 'must be "<flake reference>#<configuration>", such as "./machines#web"');

export const flakeOutput = z
  .string()
  .regex(
    /^[^#\s]+#[^#\s]+$/,
    'must be "<flake reference>#<output>", such as "github:nix-community/nixos-images/<revision>#kexec-installer-nixos-stable-noninteractive"',
  );

/** One way to write a path, so that no file can be meant twice. */
export const absolutePath = z
  .string()
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$))\/.*[^/]$/,
    "must be an absolute path of a file, without //, /./ and /../",
  )
  .max(4000, "must be a path of at most 4000 characters");

const notOnDisk = /^\/(nix\/store|proc|sys|dev|run)(\/|$)/;
export const targetPath = absolutePath.refine(
  (path) => !notOnDisk.test(path),
  "must not lie in /nix/store, /proc, /sys, /dev or /run: no file can be put there to stay",
);

/** Another spelling of the same path would be another disk to every comparison. */
export const device = z
  .string()
  .regex(/^\/dev\/.+/, "must be a path below /dev, such as /dev/disk/by-id/…")
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$)).*[^/]$/,
    "must be a path without //, /./ and /../, and without / at its end",
  );

const httpUrl = "must be an http(s) URL";
export const downloadUrl = z
  .url({ protocol: /^https?$/, error: httpUrl })
  .refine(
    (url) => /^https?:\/\/[^/?#@]+([/?#]|$)/i.test(url),
    `${httpUrl}, without a user or a password in it`,
  );

const wholeBytes = "must be a whole number of bytes above 0";
export const sizeBytes = z.number().positive(wholeBytes).int(wholeBytes);

export const owner = z
  .string()
  .regex(
    /^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$/,
    'must be "user", "user:group" or numbers such as "1000:100"',
  );

export const fileMode = z.string().regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0640"');

export const nixOption = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "must be a setting of nix.conf, such as max-jobs");

export const builderLine = text.regex(
  /^[^\n;]+$/,
  "must be a single builder, as one line of nix.conf's builders: give each its own item",
);
