import { HostError } from "../../core/errors";
import type { Answer } from "./http";

/** What a registry says of itself: one line, without what would disturb a terminal. */
export function complaintOf({ status, body, headers }: Answer): string {
  const complaints = errorsIn(body).map(({ code, message }) => [code, message].filter(Boolean).join(": "));
  const retry = headers["retry-after"] === undefined ? "" : ` (Retry-After: ${headers["retry-after"]})`;
  const text = [`HTTP ${status}${retry}`, ...complaints].join(", ");
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 400);
}

interface RegistryError {
  code: string;
  message: string;
}

/** The form of the distribution specification: `{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "…"}]}`. */
function errorsIn(body: Buffer): RegistryError[] {
  const { errors } = jsonOf(body) as { errors?: unknown };
  if (!Array.isArray(errors)) return [];
  return errors.map((error: unknown) => {
    const { code, message } = (error ?? {}) as Record<string, unknown>;
    return { code: textOf(code), message: textOf(message) };
  });
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** An object always, so that a missing field is the only case to think of. */
export function jsonOf(body: Buffer): object {
  try {
    const content: unknown = JSON.parse(body.toString());
    return typeof content === "object" && content !== null ? content : {};
  } catch {
    return {};
  }
}

/** NOT_FOUND is Harbor's word. */
const unknownCodes = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN", "NOT_FOUND"];

/** A registry itself says that it has no such thing; any web server can answer 404. */
export function isGone(answer: Answer): boolean {
  return answer.status === 404 && errorsIn(answer.body).some(({ code }) => unknownCodes.includes(code));
}

/** What no retry mends: the error for an answer that is none of the expected ones. */
export function unexpected(answer: Answer, what: string, property: string): HostError {
  return new HostError("registry-failed", {
    what,
    seen: complaintOf(answer),
    next: nextAfter(answer, property),
  });
}

function nextAfter({ status, headers }: Answer, property: string): string {
  const wait = headers["retry-after"];
  if (status === 429)
    return `wait ${wait && /^\d+$/.test(wait) ? `${wait} s` : "a while"}, then run pulumi up again; a login (${property}.username and ${property}.password) may have a higher limit`;
  if (status >= 500) return "look at the registry's own log; then run pulumi up again";
  if (status === 404)
    return `look whether the name in ${property} is a registry's: it answers, but not as one`;
  return `look at the registry, and at the name in ${property}; then run pulumi up again`;
}
