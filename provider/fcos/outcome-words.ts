import { HostError } from "../core/errors";

/** The failure, and what was done about it. */
export function also(error: HostError, done: string, next = error.details.next): HostError {
  const { details } = error;
  const told = new HostError(error.code, {
    ...details,
    what: `${details.what}${done}`,
    ...(next === undefined ? {} : { next }),
  });
  told.phase = error.phase;
  return told;
}
