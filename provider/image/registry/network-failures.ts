import { HostError } from "../../core/errors";

const unreachable: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "its network is unreachable",
  EADDRNOTAVAIL: "this machine has no address to reach it from",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "its name is not resolved",
  EAI_AGAIN: "its name is not resolved (the name server did not answer)",
};

const unknownAuthority = [
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
];

/**
 * `unreachable` where nobody answered, which says nothing about what the registry holds; `registry-failed` where
 * somebody did and could not be trusted.
 */
export function networkFailure(
  error: Error & { code?: unknown },
  { host }: URL,
  way: { property: string; certificateAuthority?: string | undefined; deadlineSeconds: number },
): HostError {
  if (error instanceof HostError) return error;
  const code = String(error.code);
  const reason =
    error.name === "AbortError" ? `no whole answer within ${way.deadlineSeconds} s` : unreachable[code];
  if (reason !== undefined)
    return new HostError("unreachable", {
      what: `the registry ${host} cannot be reached: ${reason}`,
      next: `look whether it runs, and at its address in ${way.property}; then run pulumi up again`,
    });
  return notTrusted(error, code, host, way);
}

function notTrusted(
  error: Error,
  code: string,
  host: string,
  { property, certificateAuthority }: { property: string; certificateAuthority?: string | undefined },
): HostError {
  const failed = (what: string, expected: string, next: string): HostError =>
    new HostError("registry-failed", { what: `${host}: ${what}`, expected, seen: error.message, next });
  if (unknownAuthority.includes(code))
    return failed(
      "its certificate is signed by an authority that is not known here",
      certificateAuthority === undefined
        ? "a public authority"
        : `a public authority, or the one in ${property}.certificateAuthority`,
      `give the authority's certificate as ${property}.certificateAuthority`,
    );
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return failed(
      "its certificate is for other names",
      `a certificate for ${host}`,
      "correct the name, or the certificate",
    );
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return failed(
      "its certificate is out of its time",
      "a certificate that is valid now",
      "renew it, or set the clock",
    );
  if (/wrong version number|packet length too long|http request/i.test(error.message))
    return failed(
      "it speaks no TLS",
      "https",
      "give the registry a certificate: without TLS passwords and images could be read and changed on the way, so plain http is not spoken",
    );
  return failed("it does not answer as a web server does", "https", "look whether a registry runs there");
}
