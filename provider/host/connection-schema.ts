import { z } from "zod";
import { hostLogin } from "./login-schema";
import * as value from "./schema-values";

const deadlines = z.strictObject({
  connectSeconds: value.seconds.optional(),
  bootSeconds: value.seconds.optional(),
  phaseSeconds: value.seconds.optional(),
});

/** The way into the system that a resource manages, and how long things may take there. */
export const connection = z.strictObject({
  host: value.host,
  ...hostLogin,
  deadlines: deadlines.optional(),
});

export type Connection = z.infer<typeof connection>;

export interface Deadlines {
  bootSeconds: number;
  phaseSeconds: number;
}

export function deadlinesOf(declared: Connection): Deadlines {
  return {
    bootSeconds: declared.deadlines?.bootSeconds ?? 600,
    phaseSeconds: declared.deadlines?.phaseSeconds ?? 3600,
  };
}
