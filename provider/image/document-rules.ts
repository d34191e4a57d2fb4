import { HostError } from "../core/errors";
import { formatReference, parseReference, type ImageReference } from "../core/image-reference";

/** A wrong argument of a document, by its name. Nothing of a secret is ever `seen`. */
export function refused(argument: string, problem: string, seen?: string): HostError {
  return new HostError("bad-input", { what: `${argument}: ${problem}`, ...(seen !== undefined && { seen }) });
}

/** One label of Kubernetes or several with dots between them: RFC 1123, as the API server reads it. */
const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function objectName(argument: string, name: string, longest = 253): string {
  if (dnsName.test(name) && name.length <= longest) return name;
  throw refused(
    argument,
    `must be a name of a Kubernetes object: up to ${longest} lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit`,
    name,
  );
}

/** An image that is one and the same for good. */
export function pinned(argument: string, reference: string): ImageReference & { text: string } {
  const parsed = parseReference(reference);
  const { registry, repository, digest } = parsed ?? {};
  if (registry === undefined || repository === undefined || digest === undefined)
    throw refused(
      argument,
      'must be "registry/repository@sha256:<64 lower-case hexadecimal digits>"',
      reference,
    );
  // rpm-ostree refuses a tag beside a digest.
  return { registry, repository, digest, text: formatReference({ registry, repository, digest }) };
}
