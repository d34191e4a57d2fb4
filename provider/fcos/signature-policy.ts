import { z } from "zod";
import { parseReference } from "../core/image-reference";
import { jsonOf } from "./status-rpm-ostree";
import type { FcosSpec } from "./types";

const requirements = z.array(z.looseObject({ type: z.string() }));
/** See containers-policy.json(5). */
const policySchema = z.looseObject({
  default: requirements,
  transports: z.record(z.string(), z.record(z.string(), requirements)).default({}),
});
type Policy = z.infer<typeof policySchema>;

/**
 * Why the host's /etc/containers/policy.json will refuse this image, as far as that is known before a pull: whether a
 * signature is there and right is told by the pull itself. Nothing: it may be taken.
 */
export function policyRefusal(
  policyText: string,
  reference: string,
  transport: FcosSpec["transport"],
): string | undefined {
  if (policyText === "") {
    return transport === "image-signed" ? "there is no policy, and the transport wants one" : undefined;
  }
  const { data: policy } = policySchema.safeParse(jsonOf(policyText));
  if (policy === undefined) return "the policy is not in the form of containers-policy.json";
  const { scope, required } = ruleFor(policy, reference);
  if (required.some(({ type }) => type === "reject")) return `"reject" at ${scope}`;
  // The tools look at the default alone here, whatever stands for the registry.
  if (transport === "image-signed" && acceptsAnything(policy.default)) {
    return 'the default is "insecureAcceptAnything", with which the transport "image-signed" is refused';
  }
  return undefined;
}

function acceptsAnything(required: Policy["default"]): boolean {
  return required.length === 1 && required[0]?.type === "insecureAcceptAnything";
}

/** The narrowest rule counts, and no other. */
function ruleFor(policy: Policy, reference: string): { scope: string; required: Policy["default"] } {
  const docker = policy.transports["docker"] ?? {};
  const scope = scopesOf(reference).find((name) => docker[name] !== undefined);
  if (scope === undefined) return { scope: "default", required: policy.default };
  return { scope: `transports.docker["${scope}"]`, required: docker[scope] ?? [] };
}

/** The image itself, its repository, every path above it, the registry, its domains as `*.example.com`, and all. */
function scopesOf(reference: string): string[] {
  const { registry = "", repository = "" } = parseReference(reference) ?? {};
  const path = repository.split("/");
  const paths = path.map((_, count) => [registry, ...path.slice(0, path.length - count)].join("/"));
  const labels = registry.replace(/:\d+$/, "").split(".");
  const domains = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
  return [reference, ...paths, registry, ...domains, ""];
}
