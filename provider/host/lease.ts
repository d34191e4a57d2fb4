import { randomBytes } from "node:crypto";
import { sleep } from "../core/deadline";
import { HostError } from "../core/errors";
import { isOver, runBegins, runEnds, thisProcess, type LeaseOwner } from "./lease-owner";
import { leasePath, leaseScript, releaseScript } from "./lease-script";
import type { HostSession } from "./session";

const renewSeconds = 30;
/** Whoever lives has longer than this left, because it renews in time: the rest is worth waiting for. */
const worthWaitingSeconds = 20;
/** Leases of ended processes to follow, and rests to wait for, before the run gives up. */
const mostTries = 4;

/** A lease as it stands on the host; times are seconds of the host's clock. */
export interface Lease extends LeaseOwner {
  until: number;
  since: number;
  run: string;
}

export interface LeaseTerms {
  machine: string;
  bootSeconds: number;
  onWait(text: string): void;
}

/**
 * The right of one run to change a machine, kept by the machine. Every look of the run asks for it and renews it, so
 * that no phase begins without it; between them it is renewed over the same connection.
 */
export class HostLease {
  /** The running system is, or becomes, this resource's: it may be written to its disk. */
  onDisk = false;
  private readonly run = randomBytes(16).toString("hex");
  private since = "";
  private takeOver = "";
  private tries = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly session: HostSession,
    private readonly terms: LeaseTerms,
  ) {
    runBegins(this.run);
  }

  /** Shell text that takes the lease, or renews it. */
  async script(): Promise<string> {
    const { run, since, takeOver, onDisk, terms } = this;
    const { machine, bootSeconds } = terms;
    return leaseScript({ ...(await thisProcess()), machine, bootSeconds, run, since, takeOver, onDisk });
  }

  /** Judges what the script printed. False: ask once more. Throws when another run has the machine. */
  async isMine(output: string): Promise<boolean> {
    const answer = parseAnswer(output);
    if (answer === undefined) throw notWritten(output);
    const { end, now, lease } = answer;
    if (end === "mine") {
      this.since ||= String(lease?.since ?? now);
      this.takeOver = "";
      this.timer ??= setInterval(() => void this.renew(), renewSeconds * 1000).unref();
      return true;
    }
    if (this.since !== "" || lease === undefined || ++this.tries > mostTries)
      throw heldBy(lease, now, this.since !== "");
    const left = lease.until - now;
    if (await isOver(lease, lease.run)) this.takeOver = lease.run;
    else if (left > worthWaitingSeconds) throw heldBy(lease, now, false);
    else {
      this.terms.onWait(`waiting ${left + 1} s for the lease of ${lease.holder} to end`);
      await sleep((left + 1) * 1000);
    }
    return false;
  }

  /** Best effort: what cannot be removed now is over by itself, and its owner is known to have ended. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    if (this.since !== "") await this.quietly(() => releaseScript(this.run), 15);
    runEnds(this.run);
  }

  /** A renewal that fails is no failure of the run: the next look finds out whether somebody else has come. */
  private renew(): Promise<void> {
    return this.quietly(() => this.script(), renewSeconds - 5);
  }

  private async quietly(script: () => string | Promise<string>, deadlineSeconds: number): Promise<void> {
    try {
      await this.session.runIfOpen(await script(), { deadlineSeconds });
    } catch {
      // See above.
    }
  }
}

interface Answer {
  end: "mine" | "held";
  now: number;
  lease: Lease | undefined;
}

export function parseAnswer(output: string): Answer | undefined {
  const match = /^(mine|held) (\d+)\n?(.*)$/ms.exec(output);
  if (match === null) return undefined;
  const [, end, now, json = ""] = match;
  return { end: end as Answer["end"], now: Number(now), lease: parseLease(json) };
}

export function parseLease(json: string): Lease | undefined {
  try {
    const lease = JSON.parse(json) as Partial<Lease>;
    const { until, since, run, holder, pid, started, client } = lease;
    if (typeof until !== "number" || typeof since !== "number" || typeof run !== "string") return undefined;
    return {
      until,
      since,
      run,
      holder: String(holder ?? "somebody"),
      pid: Number(pid ?? 0),
      started: String(started ?? ""),
      client: String(client ?? ""),
    };
  } catch {
    return undefined;
  }
}

function heldBy(lease: Lease | undefined, now: number, wasMine: boolean): HostError {
  const left = lease === undefined ? 0 : lease.until - now;
  return new HostError("lease-held", {
    what: wasMine
      ? "another run has taken this machine over, because ours did not renew its lease in time; nothing more was begun"
      : "another run is at work on this machine; nothing was changed",
    expected: `no lease of another run in ${leasePath}`,
    seen: lease === undefined ? "ours was followed by one that has ended, too" : inWords(lease, left),
    next:
      lease === undefined
        ? "run pulumi up again: it looks at the machine anew"
        : `wait for the end of that run, then run pulumi up again. If it is dead, its lease ends by itself in ${left} s`,
  });
}

function inWords({ holder, pid, since, until }: Lease, left: number): string {
  return `held by ${holder} (process ${pid}) since ${utc(since)}, until ${utc(until)} (in ${left} s) unless it renews it`;
}

function utc(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

function notWritten(output: string): HostError {
  return new HostError("command-failed", {
    what: "the lease of this run could not be taken on the host; nothing was begun",
    expected: `${leasePath} to be written, as root`,
    seen: output.trim().slice(0, 500) || "no answer",
    next: "look at the space and the rights in /run on the host, then run pulumi up again",
  });
}
