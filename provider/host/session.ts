import { isDeepStrictEqual } from "node:util";
import { sleep } from "../core/deadline";
import { HostError } from "../core/errors";
import type { Access, CommandResult, Connect, RunOptions, Shell } from "../core/shell";

/** The systems that one machine runs in its life; each may have its own way in. */
export type WayName = "installed" | "old" | "installer";

export type Ways = Partial<Record<WayName, Access>>;

/**
 * The one ssh connection to a host. A boot has exactly one: it is opened on first use, shared by everything,
 * and dropped when the boot ends. The key that the host proved first is the key it must prove for good.
 */
export class HostSession {
  connections = 0;
  private open: Promise<Shell> | undefined;
  private ended = false;
  private announced: readonly string[] = [];

  constructor(
    private readonly connect: Connect,
    private readonly ways: Ways,
    /** In which order the ways are tried while nothing is known about the machine. */
    private readonly order: readonly WayName[],
    private pinned: readonly string[] | undefined,
  ) {}

  /** Keys that the machine will have after its install: known in advance, and as good as one that was seen. */
  announce(hostKeys: readonly string[]): void {
    this.announced = hostKeys;
  }

  /** The keys this machine is known by; empty before the first contact. */
  get hostKeys(): readonly string[] {
    return this.pinned ?? [];
  }

  async run(script: string, options: RunOptions): Promise<CommandResult> {
    return (await this.shell()).run(script, options);
  }

  /** For what is not worth a connection of its own. */
  async runIfOpen(script: string, options: RunOptions): Promise<CommandResult | undefined> {
    return (await this.open)?.run(script, options);
  }

  shell(): Promise<Shell> {
    if (this.open === undefined) {
      const opening = this.firstContact();
      this.open = opening;
      opening.catch(() => (this.open = undefined));
    }
    return this.open;
  }

  /** Ends this boot's connection. The next use opens a new one. */
  async drop(): Promise<void> {
    const open = this.open;
    this.open = undefined;
    await open?.then((shell) => shell.close()).catch(() => undefined);
  }

  /** No command runs after this, also none of a phase that was given up and does not know it yet. */
  async end(): Promise<void> {
    this.ended = true;
    await this.drop();
  }

  /** Logs in by one way, and makes that the connection of the present boot. */
  async enter(name: WayName, mostSeconds = Infinity): Promise<Shell> {
    if (this.ended) throw new Error("the run has ended");
    const access = this.ways[name];
    if (access === undefined) throw new Error(`there is no way into the ${name} system`);
    const connectTimeoutSeconds = Math.min(access.connectTimeoutSeconds, mostSeconds);
    const shell = await this.connect({
      ...access,
      hostKeys: this.acceptedKeys(access),
      connectTimeoutSeconds,
    });
    if (this.ended) {
      shell.close();
      throw new Error("the run has ended");
    }
    this.connections++;
    // A key that the program declares is trusted for what it says; without one, the first key stays for good.
    const { publicKey } = shell.hostKey;
    if (access.hostKeys !== undefined || this.pinned === undefined) this.pinned = [publicKey];
    else if (this.announced.includes(publicKey)) this.pinned = this.announced;
    this.open = Promise.resolve(shell);
    void shell.closed.then(() => {
      // A connection that broke by itself is replaced on next use.
      void this.open?.then((current) => {
        if (current === shell) this.open = undefined;
      });
    });
    return shell;
  }

  private async firstContact(): Promise<Shell> {
    const failures: HostError[] = [];
    let refusedBy: readonly string[] | undefined;
    for (const [name, access] of this.distinctWays()) {
      const keys = this.acceptedKeys(access);
      // After a wrong key only a way that knows another one: a way without any would take anybody's.
      if (refusedBy !== undefined && (keys === undefined || isDeepStrictEqual(keys, refusedBy))) continue;
      try {
        return await this.enter(name);
      } catch (error) {
        if (!(error instanceof HostError) || !isOtherWayWorthTrying(error)) throw error;
        if (error.code === "host-key-mismatch") refusedBy = keys ?? [];
        failures.push(error);
      }
    }
    throw worst(failures);
  }

  private acceptedKeys(access: Access): readonly string[] | undefined {
    return access.hostKeys ?? (this.pinned && [...this.pinned, ...this.announced]);
  }

  private distinctWays(): [WayName, Access][] {
    const seen = new Set<string>();
    return this.order.flatMap((name) => {
      const access = this.ways[name];
      if (access === undefined) return [];
      // Labels say where a way was declared, not where it leads.
      const key = JSON.stringify(access, (property, value: unknown) =>
        property === "label" ? undefined : value,
      );
      if (seen.has(key)) return [];
      seen.add(key);
      return [[name, access]];
    });
  }
}

function isOtherWayWorthTrying(error: HostError): boolean {
  return ["unreachable", "login-refused", "host-key-mismatch"].includes(error.code);
}

/** A refused login says more than a refused connection: somebody was there. A wrong key says the most. */
function worst(failures: HostError[]): HostError {
  const withCode = (code: string): HostError | undefined => failures.find((error) => error.code === code);
  return withCode("host-key-mismatch") ?? withCode("login-refused") ?? (failures[0] as HostError);
}

/** Tries again until `attempt` gives something or the deadline is over; an error that does not pass ends it at once. */
export async function keepTrying<T>(
  deadlineSeconds: number,
  attempt: () => Promise<T | undefined>,
  onTry: (seconds: number, last: HostError | undefined) => void,
  passes: (error: HostError, seconds: number) => boolean = isPassing,
): Promise<{ result: T | undefined; last: HostError | undefined; seconds: number }> {
  const start = performance.now();
  let last: HostError | undefined;
  for (;;) {
    const seconds = (performance.now() - start) / 1000;
    if (seconds > deadlineSeconds) return { result: undefined, last, seconds };
    onTry(seconds, last);
    try {
      const result = await attempt();
      if (result !== undefined) return { result, last, seconds };
    } catch (error) {
      if (!(error instanceof HostError) || !passes(error, seconds)) throw error;
      last = error;
    }
    await sleep(500);
  }
}

export function isPassing(error: HostError): boolean {
  return ["unreachable", "login-refused", "connection-lost", "deadline-exceeded"].includes(error.code);
}

/** The ways in which a machine does not answer. */
export function isOutOfReach({ code }: HostError): boolean {
  return ["unreachable", "connection-lost", "deadline-exceeded"].includes(code);
}
