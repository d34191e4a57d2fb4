import { z } from "zod";
import type { HealthCheck } from "./health-check";
import * as value from "./schema-values";

/** How a host's health is asked for, as a resource declares it: a map of checks by name, each of one kind. */
const kinds = ["command", "unit", "tcp", "http"] as const;

const unitName = value.text.regex(
  /^(?!-)[\w@:.\\-]+$/,
  'must be the name of a systemd unit, such as "nginx.service"',
);
const triesRange = "must be a whole number of further tries, from 0 to 1000";
const statusRange = "must be an HTTP status from 100 to 599";

const healthCheck = z
  .strictObject({
    command: value.text.optional(),
    unit: unitName.optional(),
    tcp: z.strictObject({ port: value.port, host: value.host.optional() }).optional(),
    http: z
      .strictObject({
        url: value.downloadUrl,
        status: z.number().int(statusRange).min(100, statusRange).max(599, statusRange).optional(),
      })
      .optional(),
    retries: z.number().int(triesRange).min(0, triesRange).max(1000, triesRange).optional(),
    intervalSeconds: value.seconds.optional(),
    deadlineSeconds: value.seconds.optional(),
  })
  .refine(
    (check) => kinds.filter((kind) => check[kind] !== undefined).length === 1,
    `needs one of ${kinds.slice(0, -1).join(", ")} and ${kinds.at(-1)}`,
  );

export const healthChecks = z.record(value.text, healthCheck);

/** With every default filled in. */
export function healthChecksOf(declared: z.infer<typeof healthChecks> | undefined): HealthCheck[] {
  return Object.entries(declared ?? {}).map(([name, check]) => ({
    name,
    retries: check.retries ?? 12,
    intervalSeconds: check.intervalSeconds ?? 5,
    deadlineSeconds: check.deadlineSeconds ?? 10,
    ...kindOf(check),
  }));
}

type Kinds<Check> = Check extends unknown ? Omit<Check, "name" | keyof Tries> : never;
type Tries = Pick<HealthCheck, "retries" | "intervalSeconds" | "deadlineSeconds">;

function kindOf({ command, unit, tcp, http }: z.infer<typeof healthCheck>): Kinds<HealthCheck> {
  if (unit !== undefined) return { kind: "unit", unit };
  if (tcp !== undefined) return { kind: "tcp", host: tcp.host ?? "127.0.0.1", port: tcp.port };
  if (http !== undefined) return { kind: "http", url: http.url, status: http.status ?? 200 };
  return { kind: "command", command: command ?? "" };
}
