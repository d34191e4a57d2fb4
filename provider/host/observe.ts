import type { Drift } from "../core/drift";
import { asHostError, HostError } from "../core/errors";
import type { HostLease } from "./lease";
import { parseSections, section, text } from "./probe";
import type { HostSession } from "./session";
import type { SystemFacts } from "./system-facts";

/** One probe, one command, one connection. A run's lease is renewed by the same command, before it looks. */
export async function observeHost<Facts extends SystemFacts>(
  context: { session: HostSession; lease?: HostLease },
  probe: string,
  parse: (output: string) => Facts,
): Promise<Facts> {
  const { session, lease } = context;
  const script =
    lease === undefined ? probe : `${section("lease", `(${await lease.script()}\n) 2>&1`)}\n${probe}`;
  const result = await session.run(script, { deadlineSeconds: 60 });
  const facts = parse(result.stdout);
  if (facts.bootId === "" || facts.kernelRelease === "") {
    throw new HostError("command-failed", {
      what: "the probe gave no boot_id and no kernel release",
      expected: "a Linux host with /proc",
      seen: result.stderr.trim() || result.stdout.slice(0, 200) || "nothing",
    });
  }
  const mine = await lease?.isMine(text(parseSections(result.stdout), "lease"));
  return mine === false ? observeHost(context, probe, parse) : facts;
}

/** What a refresh found. It never changes the machine, and never drops one that does not answer. */
export interface Observation<State, Inputs> {
  state: State;
  /** The inputs as the machine shows them: what the next preview is compared with. */
  inputs: Inputs;
  drift: Drift[];
  /** Why nothing could be seen; the state is then what it was. */
  unseen: HostError | undefined;
}

/** A look that is no run: the connection ends with it, and a machine that does not answer is no failure. */
export async function justLook<Facts>(
  session: HostSession,
  look: () => Promise<Facts>,
): Promise<{ facts: Facts; unseen: undefined } | { facts: undefined; unseen: HostError }> {
  try {
    return { facts: await look(), unseen: undefined };
  } catch (error) {
    return { facts: undefined, unseen: asHostError(error) };
  } finally {
    await session.end();
  }
}
