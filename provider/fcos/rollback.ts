import { asHostError, HostError } from "../core/errors";
import type { Recovery } from "../host/flow";
import { rebootAndWait } from "../host/reboot";
import { entryProblem } from "./boot-entries";
import { change, driverOf } from "./boot-order";
import { observe } from "./context";
import { makeNext } from "./drivers/ostree";
import { bootedOf, inWords, nextIsBooted, nextOf } from "./goal";
import { disarmTheGuard } from "./guard-at-work";
import { also } from "./outcome-words";
import type { Deployment, FcosContext, FcosFacts } from "./types";

/**
 * Back to the deployment that ran before, proved as every other boot is. The guard stays armed until then: if this run
 * dies on the way, the machine comes back without it.
 */
export async function rollBack(
  context: FcosContext,
  error: HostError,
  facts: FcosFacts,
): Promise<Recovery<FcosFacts>> {
  const { before } = context.notes;
  if (before === undefined) return { undone: false, error };
  context.progress.warning(`${error.details.what}: going back to ${inWords(before)}`);
  let seen = facts;
  try {
    seen = await queue(context, facts, before);
    seen = await boot(context, seen, before);
    await disarmTheGuard(context);
    const done = `rolled back to ${inWords(before)}: boot_id changed, kernel ${seen.kernelRelease}`;
    context.progress.lasting(done);
    return { undone: true, error: also(error, `; ${done}`), facts: seen };
  } catch (thrown) {
    return {
      undone: false,
      error: failed(error, before, asHostError(thrown)),
      facts: await lastLook(context, seen),
    };
  }
}

/** Makes it the next one, and proves that it can boot before anything is rebooted. */
async function queue(context: FcosContext, facts: FcosFacts, before: Deployment): Promise<FcosFacts> {
  await change(context, facts, {
    name: "boot-order",
    script: makeNext(driverOf(facts), before.id),
    deadlineSeconds: 300,
    code: "rollback-failed",
    what: "the earlier deployment could not be made the next one",
    next: () => howToGoBack,
  });
  const queued = await observe(context);
  const next = nextOf(queued);
  const problem = next?.id === before.id ? entryProblem(next.bootEntry) : `${inWords(next)} is next`;
  if (problem === undefined) return queued;
  throw new HostError("rollback-failed", {
    what: "the earlier deployment is not what the next boot would start",
    expected: `${inWords(before)}, with a kernel and an initrd`,
    seen: problem,
  });
}

async function boot(context: FcosContext, facts: FcosFacts, before: Deployment): Promise<FcosFacts> {
  const { session, progress, spec, notes } = context;
  await rebootAndWait({
    session,
    progress,
    host: spec.inputs.connection.host,
    oldBootId: facts.bootId,
    bootSeconds: spec.deadlines.bootSeconds,
  });
  const after = await observe(context);
  const kernel = notes.kernelBefore ?? after.kernelRelease;
  const isBack =
    after.bootId !== facts.bootId &&
    bootedOf(after)?.id === before.id &&
    nextIsBooted(after) &&
    after.kernelRelease === kernel;
  if (isBack) return after;
  throw new HostError("rollback-failed", {
    what: "the machine was rebooted, but does not run the earlier system",
    expected: `${inWords(before)} booted and next, uname -r ${kernel}`,
    seen: `${inWords(bootedOf(after))} booted, ${inWords(nextOf(after))} next, uname -r ${after.kernelRelease}`,
  });
}

/** The state is to say what is there; if nothing can be seen any more, what was seen last. */
async function lastLook(context: FcosContext, seen: FcosFacts): Promise<FcosFacts> {
  try {
    return await observe(context);
  } catch {
    return seen;
  }
}

const howToGoBack =
  "boot the earlier deployment at the machine's console (the boot loader's second entry), or `rpm-ostree rollback` there; then run pulumi up again";

function failed(first: HostError, before: Deployment, why: HostError): HostError {
  const { what, seen, log = first.details.log } = why.details;
  const told = [first.details.seen, [what, seen].filter(Boolean).join(": ")].filter(Boolean);
  return new HostError("rollback-failed", {
    what: `${first.details.what} [${first.code}], and the machine could not be taken back`,
    expected: [first.details.expected, `${inWords(before)} to run again`].filter(Boolean).join("; then "),
    seen: told.join("; then "),
    next: howToGoBack,
    ...(log === undefined ? {} : { log }),
  });
}
