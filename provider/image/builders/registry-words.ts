import { HostError, lastLines, type ErrorCode } from "../../core/errors";

/** What the tools say when a registry and they do not agree, and what a person can do then. The first that fits counts. */
const meanings: [
  pattern: RegExp,
  code: ErrorCode | undefined,
  why: string,
  next: (property: string) => string,
][] = [
  [
    /unauthorized|authentication required|invalid username\/password|requested access to the resource is denied|\b401\b|\b403\b/i,
    "login-refused",
    "the registry does not accept the login",
    (property) => `correct ${property}.username and ${property}.password, and what that user may do there`,
  ],
  [
    /x509|certificate signed by unknown authority|tls: failed to verify/i,
    "registry-failed",
    "the build machine does not trust the registry's certificate",
    (property) => `give the authority's certificate as ${property}.certificateAuthority`,
  ],
  [
    /manifest unknown|name unknown|repository name not known/i,
    "bad-input",
    "the registry does not have it",
    (property) => `correct ${property}`,
  ],
  [
    /connection refused|no such host|i\/o timeout|TLS handshake timeout|network is unreachable|no route to host|name resolution|server misbehaving/i,
    "unreachable",
    "the build machine does not reach the registry",
    () =>
      "look whether the registry runs, and whether the build machine resolves its name and may connect to it",
  ],
  [
    /no space left on device/i,
    undefined,
    "there is no space left on the build machine",
    () =>
      "make room where the tool keeps its containers (podman system prune, buildah prune), then run pulumi up again",
  ],
];

/** `code`: where the tool's words mean nothing special. */
export function registryRefusal(
  stderr: string,
  { what, property, code }: { what: string; property: string; code: ErrorCode },
): HostError {
  const [, itsCode = code, why, next] = meanings.find(([pattern]) => pattern.test(stderr)) ?? [];
  return new HostError(itsCode, {
    what: why === undefined ? what : `${what}: ${why}`,
    seen: lastLines(stderr.trim(), 3),
    next: next?.(property) ?? "look at what the tool says, then run pulumi up again",
  });
}
