import { asHostError, HostError } from "../core/errors";
import type { Failure, Recovery } from "../host/flow";
import { isOutOfReach } from "../host/session";
import { change, driverOf } from "./boot-order";
import { observe } from "./context";
import { makeNext } from "./drivers/ostree";
import { bootedOf, inWords, nextIsBooted, nextOf } from "./goal";
import { disarmTheGuard } from "./guard-at-work";
import { also } from "./outcome-words";
import { rollBack } from "./rollback";
import { afterTheReboot } from "./sequences";
import { lastPhase } from "./state";
import type { FcosContext, FcosFacts } from "./types";
import { unmaskUpdateDrivers } from "./update-drivers";

/** Leaves a machine that its old state describes, or tells why there is none. */
export async function recover(
  context: FcosContext,
  failure: Failure<FcosFacts>,
): Promise<Recovery<FcosFacts>> {
  const recovery = await takeBack(context, failure);
  if (!recovery.undone) return recovery;
  return { ...recovery, error: also(recovery.error, await letUpdateDriversWork(context)) };
}

async function takeBack(
  context: FcosContext,
  { phase, error, facts }: Failure<FcosFacts>,
): Promise<Recovery<FcosFacts>> {
  if (facts === undefined || isAtWork(phase, error)) return { undone: false, error };
  const { notes, spec } = context;
  const booted = bootedOf(facts);
  if (booted?.id === notes.before?.id) return stay(context, error, facts);
  if (phase === lastPhase || booted?.id !== notes.target?.id) return { undone: false, error };
  const may = spec.automaticRollback && spec.reboot === "now";
  return may ? rollBack(context, error, facts) : leaveNew(context, error, facts);
}

/** Another run, or a job that goes on without us: whoever undoes what is under way makes it worse. */
function isAtWork(phase: string, error: HostError): boolean {
  if (error.code === "lease-held" || error.code === "job-still-running") return true;
  return isOutOfReach(error) && !afterTheReboot.includes(phase);
}

/** The machine still runs, or runs again, what it did: nothing of ours may be what its next boot starts. */
async function stay(context: FcosContext, error: HostError, facts: FcosFacts): Promise<Recovery<FcosFacts>> {
  const queued = nextOf(facts);
  const { armedFor, rolledBack } = facts.guard;
  if (nextIsBooted(facts) && armedFor === "" && rolledBack === "") return { undone: true, error, facts };
  try {
    if (!nextIsBooted(facts)) await putFirst(context, facts);
    await disarmTheGuard(context);
    const after = await observe(context);
    if (!nextIsBooted(after) || after.bootId !== facts.bootId) throw stillQueued(after);
    const done = nextIsBooted(facts) ? "" : `; ${inWords(queued)} is not next any more`;
    const next = error.code === "reboot-not-proved" ? howToReboot : undefined;
    return { undone: true, error: also(error, done, next), facts: after };
  } catch (thrown) {
    const why = asHostError(thrown).details;
    return {
      undone: false,
      error: also(
        error,
        `; and it could not be taken back that ${inWords(queued)} is next (${why.seen ?? why.what})`,
      ),
    };
  }
}

/** Else a machine that the program does not have would never update itself again. In words what became of it. */
async function letUpdateDriversWork({ session, notes }: FcosContext): Promise<string> {
  const { masked = [] } = notes;
  if (masked.length === 0) return "";
  const units = masked.map(({ unit }) => unit);
  const names = masked.map(({ name }) => name).join(", ");
  try {
    const done = await session.run(unmaskUpdateDrivers(units), { deadlineSeconds: 150 });
    if (done.exitCode === 0) return `; ${names} works again`;
    return stillMasked(names, units, done.stderr.trim().split("\n").at(-1) || `exit code ${done.exitCode}`);
  } catch (thrown) {
    return stillMasked(names, units, asHostError(thrown).details.what);
  }
}

function stillMasked(names: string, units: readonly string[], why: string): string {
  const all = units.join(" ");
  return `; ${names} was masked by this run and does not work again (${why}): on the host, \`systemctl unmask ${all}\` and \`systemctl start ${all}\``;
}

const howToReboot =
  "look on the host what keeps it from rebooting (`systemctl list-jobs`), then run pulumi up again";

async function putFirst(context: FcosContext, facts: FcosFacts): Promise<void> {
  await change(context, facts, {
    name: "boot-order",
    script: makeNext(driverOf(facts), bootedOf(facts)?.id ?? ""),
    deadlineSeconds: 300,
    code: "rollback-failed",
    what: "the running deployment could not be made the next one again",
    next: () => "look at `rpm-ostree status` on the host",
  });
}

function stillQueued(facts: FcosFacts): HostError {
  return new HostError("rollback-failed", {
    what: "the running deployment is not the next one",
    seen: `${inWords(nextOf(facts))} is next, ${inWords(bootedOf(facts))} runs`,
  });
}

/** The program wants to look at it itself, so the guard must not take it away. */
async function leaveNew(
  context: FcosContext,
  error: HostError,
  facts: FcosFacts,
): Promise<Recovery<FcosFacts>> {
  const { before } = context.notes;
  const left = also(
    error,
    "; the machine still runs the new system",
    `correct what is named, or declare the earlier image, which is still on the disk (${inWords(before)}); then run pulumi up again`,
  );
  try {
    await disarmTheGuard(context);
    return { undone: false, error: left, facts };
  } catch (thrown) {
    return { undone: false, error: also(left, `; ${asHostError(thrown).details.what}`), facts };
  }
}
