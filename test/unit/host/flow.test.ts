import { HostError, type ErrorCode } from "../../../provider/core/errors";
import type { Phase } from "../../../provider/core/phase";
import { runFlow, type Failure, type Flow, type HostContext } from "../../../provider/host/flow";
import { HostSession } from "../../../provider/host/session";
import { hostKey, RecordedProgress } from "../support/builders";
import { errorOf, fakeConnect, FakeShell } from "../support/fake-shell";

interface Facts {
  steps: readonly string[];
  journal?: readonly string[];
}

interface State {
  facts: Facts;
  phase: string;
  unfinished: string;
}

const access = {
  ...{ host: "h", port: 22, user: "root", auth: {}, hostKeys: undefined, sudo: false },
  connectTimeoutSeconds: 1,
};

/** A machine that is a list of steps; a phase adds its name to it. */
class Machine {
  steps: string[] = [];
  reachable = true;
  readonly calls: string[] = [];
  readonly connect = fakeConnect(new FakeShell(hostKey, () => ({})));
  readonly session = new HostSession(this.connect, { installed: access }, ["installed"], undefined);
  readonly context: HostContext = {
    spec: { machine: "web", deadlines: { bootSeconds: 60 } },
    session: this.session,
    progress: new RecordedProgress(),
  };

  phase(name: string, fails?: ErrorCode): Phase<Facts, HostContext> {
    return {
      name,
      deadlineSeconds: () => 5,
      isDone: ({ steps }) => steps.includes(name),
      run: () => {
        if (fails !== undefined) return Promise.reject(errorOf(fails));
        this.steps.push(name);
        return Promise.resolve();
      },
      verify: () => ({ proved: "" }),
    };
  }

  flow(phases: Phase<Facts, HostContext>[], more: Partial<Flow<Facts, HostContext, State>> = {}) {
    return runFlow<Facts, HostContext, State>({
      context: this.context,
      phase: "earlier",
      changesNothing: ["look"],
      provedHarmless: ["kexec-load-failed"],
      observe: () => {
        this.calls.push("observe");
        return this.reachable
          ? Promise.resolve({ steps: [...this.steps] })
          : Promise.reject(errorOf("unreachable"));
      },
      plan: () => phases,
      keepAttempt: (facts, { phase, code }) => {
        this.calls.push(`journal ${phase} ${code}`);
        return Promise.resolve({ ...facts, journal: [phase] });
      },
      stateOf: (facts, { phase, unfinished }) => ({ facts, phase, unfinished }),
      ...more,
    });
  }
}

let machine: Machine;
beforeEach(() => (machine = new Machine()));

test("every phase that is missing runs, and the state says the last one", async () => {
  machine.steps.push("move");
  const noted: string[] = [];
  const end = await machine.flow([machine.phase("look"), machine.phase("move"), machine.phase("keep")], {
    begin: () => Promise.resolve(void noted.push("begin")),
    onProved: (phase, facts) => {
      noted.push(phase);
      return Promise.resolve({ ...facts, journal: ["noted"] });
    },
  });
  expect(end).toEqual({
    state: { facts: { steps: ["move", "look", "keep"], journal: ["noted"] }, phase: "keep", unfinished: "" },
    error: undefined,
  });
  expect(noted).toEqual(["begin", "keep"]);
});

test("a machine on which nothing is missing is at the end as well", async () => {
  machine.steps.push("move", "keep");
  const end = await machine.flow([machine.phase("move"), machine.phase("keep")]);
  expect(end.state).toMatchObject({ phase: "keep", unfinished: "" });
});

test("the run has a lease of its machine, and ends with its connection", async () => {
  await machine.session.shell();
  let leased = false;
  await machine.flow([], {
    plan: () => {
      leased = machine.context.lease !== undefined;
      return [];
    },
  });
  expect(leased).toBe(true);
  await expect(machine.session.shell()).rejects.toThrow("the run has ended");
});

describe("nothing lasting happened: a plain error, no state, no word in the machine's journal", () => {
  const recover = (): never => {
    throw new Error("there is nothing to recover");
  };

  test.each<[string, (own: Machine) => Partial<Flow<Facts, HostContext, State>>, ErrorCode]>([
    ["before the first look", () => ({ begin: () => Promise.reject(errorOf("bad-input")) }), "bad-input"],
    [
      "at the first look",
      (own) => {
        own.reachable = false;
        return {};
      },
      "unreachable",
    ],
    [
      "when it was planned",
      () => ({
        plan: () => {
          throw errorOf("foreign-machine");
        },
      }),
      "foreign-machine",
    ],
    [
      "in a phase that only looks",
      (own) => ({ plan: () => [own.phase("look", "wrong-disk")] }),
      "wrong-disk",
    ],
    [
      "in a phase whose failure is proved harmless",
      (own) => ({ plan: () => [own.phase("move", "kexec-load-failed")] }),
      "kexec-load-failed",
    ],
  ])("%s", async (_, changes, code) => {
    const end = await machine.flow([], { recover, ...changes(machine) });
    expect([end.state, end.error?.code]).toEqual([undefined, code]);
    expect(machine.calls.filter((call) => call.startsWith("journal"))).toEqual([]);
  });
});

describe("a phase that may have changed something failed", () => {
  const phases = (): Phase<Facts, HostContext>[] => [
    machine.phase("move"),
    machine.phase("confirm", "unhealthy"),
  ];

  test("what the machine shows then is kept, and the attempt stands in its journal", async () => {
    const end = await machine.flow(phases());
    expect(end.state).toEqual({
      facts: { steps: ["move"], journal: ["confirm"] },
      phase: "move",
      unfinished: "confirm",
    });
    expect([end.error?.code, end.error?.phase]).toEqual(["unhealthy", "confirm"]);
    expect(machine.calls.at(-1)).toBe("journal confirm unhealthy");
  });

  test("also where the failed one only looks, but one before it did not", async () => {
    const end = await machine.flow([machine.phase("move"), machine.phase("look", "wrong-disk")]);
    expect(end.state).toMatchObject({ phase: "move", unfinished: "look" });
  });

  test("what it says of itself can be corrected", async () => {
    const end = await machine.flow(phases(), { onFailed: (phase, run) => void (run.phase = `not ${phase}`) });
    expect(end.state?.phase).toBe("not confirm");
  });

  test("one that does not answer any more keeps what was seen last, and the last word knows it", async () => {
    const lost: boolean[] = [];
    const end = await machine.flow(phases(), {
      keepAttempt: () => Promise.reject(errorOf("connection-lost")),
      explain: (error, run) => {
        lost.push(run.lost);
        return new HostError("no-system", { what: `after ${error.code}` });
      },
    });
    expect(lost).toEqual([true]);
    expect(end.error?.text()).toBe("after unhealthy [no-system]");
    expect(end.state?.facts).toEqual({ steps: ["move"] });
  });

  test("a journal that cannot be written hides nothing", async () => {
    const end = await machine.flow(phases(), {
      keepAttempt: () => Promise.reject(errorOf("command-failed")),
      explain: (error, run) => new HostError(error.code, { what: `lost: ${run.lost}` }),
    });
    expect(end.error?.text()).toBe("lost: false [unhealthy]");
  });

  describe("and the machine is taken back", () => {
    const back = (): Facts => ({ steps: ["old"] });

    test("proved: a plain error that tells it, and no new state", async () => {
      let told: Failure<Facts> | undefined;
      const end = await machine.flow(phases(), {
        recover: (failure) => {
          told = failure;
          const error = new HostError("unhealthy", { what: "rolled back, proved" });
          return Promise.resolve({ undone: true, error, facts: back() });
        },
      });
      expect(end.state).toBeUndefined();
      expect(end.error?.text()).toBe("confirm: rolled back, proved [unhealthy]");
      expect(told).toMatchObject({
        phase: "confirm",
        facts: { journal: ["confirm"] },
        run: { phase: "move" },
      });
      expect(told?.error.code).toBe("unhealthy");
    });

    test("not to the end: what is there now is kept", async () => {
      const end = await machine.flow(phases(), {
        recover: ({ error }) => Promise.resolve({ undone: false, error, facts: back() }),
      });
      expect(end.state).toEqual({ facts: back(), phase: "move", unfinished: "confirm" });
    });

    test("in vain: that takes the failure's place", async () => {
      const end = await machine.flow(phases(), { recover: () => Promise.reject(errorOf("rollback-failed")) });
      expect([end.error?.code, end.error?.phase]).toEqual(["rollback-failed", "confirm"]);
      expect(end.state).toMatchObject({ unfinished: "confirm" });
    });

    test("not while it does not answer: that is said", async () => {
      let seen: Facts | undefined = back();
      const end = await machine.flow(phases(), {
        keepAttempt: () => Promise.reject(errorOf("unreachable")),
        recover: ({ error, facts }) => {
          seen = facts;
          return Promise.resolve({ undone: false, error });
        },
      });
      expect(seen).toBeUndefined();
      expect(end.state?.facts).toEqual({ steps: ["move"] });
    });
  });
});
