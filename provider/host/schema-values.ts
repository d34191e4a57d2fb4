import { z } from "zod";

/** The single values that inputs consist of. Every message goes on after the property's path. */
export const text = z.string().min(1, "must not be empty");

/** A text that a function judges: what is wrong with it, told after the property's path. */
export const judged = (problem: (value: string) => string | undefined): z.ZodType<string> =>
  z.string().superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

export const machineName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be a name of letters, digits, '.', '_' and '-'")
  .max(64, "must be a name of at most 64 characters");

const longestSeconds = 24 * 3600;
/** Beyond about 24 days a timer would fire at once; nothing here takes more than a day. */
export const seconds = z
  .number()
  .positive("must be a number of seconds above 0")
  .max(longestSeconds, `must be at most ${longestSeconds} seconds, which is a day`);

const portRange = "must be a port from 1 to 65535";
export const port = z.number().min(1, portRange).max(65535, portRange).int(portRange);

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

/** One way to write a path, so that no file can be meant twice. */
export const absolutePath = z
  .string()
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$))\/.*[^/]$/,
    "must be an absolute path of a file, without //, /./ and /../",
  )
  .max(4000, "must be a path of at most 4000 characters");

const httpUrl = "must be an http(s) URL";
export const downloadUrl = z
  .url({ protocol: /^https?$/, error: httpUrl })
  .refine(
    (url) => /^https?:\/\/[^/?#@]+([/?#]|$)/i.test(url),
    `${httpUrl}, without a user or a password in it`,
  );

export const fileMode = z.string().regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0640"');

export const kernelRelease = z
  .string()
  .regex(/^[0-9][A-Za-z0-9_.+~^-]*$/, 'must be what "uname -r" says, such as "6.12.9-200.fc41.x86_64"');
