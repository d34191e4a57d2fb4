import { parseReference } from "../core/image-reference";
import { HostError, asHostError } from "../core/errors";
import { refuseRunningJob } from "../host/job";
import { isOutOfReach } from "../host/session";
import { change, driverOf } from "./boot-order";
import { howToPull } from "./pull-failures";
import { placeLogin, removeEarlierLogin, removeLogin, withLogin } from "./registry-login";
import type { FcosContext, FcosFacts } from "./types";

const job = "rebase";

/** Fetches the image by the machine's own tool, with a login that is on the machine no longer than that. */
export async function pull(context: FcosContext, facts: FcosFacts): Promise<void> {
  const { spec, progress } = context;
  const { registry: login, remote } = spec.inputs;
  const { reference, transport } = spec;
  const script = driverOf(facts).pull({ reference, transport, remote });
  const registry = parseReference(reference)?.registry ?? "";
  const lent = login === undefined ? undefined : { registry, ...login };
  // An earlier run's pull may still be at work with the login that it was lent.
  await refuseRunningJob(context.session, job);
  try {
    if (lent !== undefined) await lend(context, placeLogin(lent));
    await change(context, facts, {
      name: job,
      script: lent === undefined ? script : withLogin(registry, script),
      code: "rebase-failed",
      what: `the image could not be brought to the machine; what runs is unchanged`,
      next: howToPull,
      onLine: (line) => progress.detail(line),
    });
  } catch (thrown) {
    const error = asHostError(thrown);
    const mayRun = isOutOfReach(error) || error.code === "job-still-running";
    // The error that is on its way says more, and the next pull begins with the same.
    if (lent !== undefined && !mayRun) await lend(context, removeLogin(registry)).catch(() => undefined);
    throw error;
  }
}

/** The files in /etc outlive the boot in which they were lent; the machine is as before only without them. */
export async function takeBackEarlierLogin({ session, spec }: FcosContext): Promise<void> {
  if (spec.inputs.registry === undefined) return;
  const registry = parseReference(spec.reference)?.registry ?? "";
  await session.run(removeEarlierLogin(registry), { deadlineSeconds: 30 });
}

/** Secrets are in the script: it goes over stdin, and none of it comes back. */
async function lend({ session }: FcosContext, script: string): Promise<void> {
  const placed = await session.run(script, { deadlineSeconds: 30 });
  if (placed.exitCode === 0) return;
  throw new HostError("rebase-failed", {
    what: "the registry's login could not be brought to the machine; what runs is unchanged",
    expected: "files of mode 0600 in /run, for the time of the pull",
    seen: `exit code ${placed.exitCode}`,
    next: "look at the space in /run and the rights in /etc/containers/certs.d on the host, then run pulumi up again",
  });
}
