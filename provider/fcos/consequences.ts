import { shortDigest } from "./goal";
import type { FcosHostInputs } from "./schema";
import { isConfirmed, type FcosState } from "./state";

/** What an `up` would do to the machine, from inputs and state alone: no network. */
export function consequences(state: FcosState, news: FcosHostInputs): { lines: string[] } {
  if (state.__declared.digest === news.booted.digest && !isConfirmed(state))
    return { lines: [goingOn(state, news)] };
  const moves = moving(state, news);
  const repairs = repairsOf(state, news);
  const lines = [...moves, ...repairs.map(({ text }) => text)];
  if (lines.length === 0) return { lines: [nothingMoves(news)] };
  return { lines: [...lines, rebooting(moves.length > 0 ? [{ reboots: imageChanges }] : repairs, news)] };
}

/** The same while the image itself is not known: it is built in the same run. */
export function consequencesOfUnknownImage(state: FcosState, kernelRelease: string | undefined): string[] {
  const kernel =
    kernelRelease === undefined ? "" : `, kernel ${step(state.booted.kernelRelease, kernelRelease)}`;
  return [
    `update: ${shortDigest(state.booted.digest)} → the image that is made first, its digest is known when it was built${kernel}; ` +
      "where it is another one, the machine is moved to it, and reboots",
  ];
}

const imageChanges = "the image changes";

/** Of a repair: what is done, why it needs a reboot where it does, and where that is not known, when it needs none. */
interface Repair {
  text: string;
  reboots?: string;
  unless?: string;
}

type Repairer = (state: FcosState, news: FcosHostInputs) => Repair | undefined;

/** One row for each kind of drift. */
const repairers: readonly Repairer[] = [
  (state, news) => {
    const { bootDefault, booted } = state;
    if (bootDefault.deployment === "booted" || booted.digest !== news.booted.digest) return undefined;
    const next = shortDigest(bootDefault.digest);
    return bootDefault.deployment === "staged"
      ? {
          text: `repair: what ${isOurs(state, bootDefault.digest) ? "an earlier up" : "somebody"} staged (${next}) is dropped`,
        }
      : { text: `repair: the next boot would start ${next}; it is set back to the system that runs` };
  },
  (state, { booted: { digest, kernelRelease: declared } }) => {
    const { kernelRelease: running } = state.booted;
    const wanted = kernelOfImage(state, digest) ?? declared;
    return state.booted.digest === digest && wanted !== undefined && running !== wanted
      ? {
          text: `repair: the declared image runs, and its kernel does not: ${step(running, wanted)}`,
          reboots: "another kernel runs",
        }
      : undefined;
  },
  (state, { booted: { digest, kernelRelease: declared } }) => {
    const own = kernelOfImage(state, digest);
    return state.booted.digest === digest && own !== undefined && declared !== undefined && own !== declared
      ? {
          text: `the declared image holds the kernel ${own}, and not the declared ${declared}: no reboot changes that, and up ends in wrong-kernel; declare ${own}, or another image`,
        }
      : undefined;
  },
  (state, { booted: { digest } }) => {
    const { layering, unlocked } = state.booted;
    if (state.booted.digest !== digest) return layersInTheWay(state, digest);
    const changes = [...layering, ...(unlocked === "hotfix" ? ["a hotfix"] : [])];
    return changes.length === 0
      ? undefined
      : {
          text: `repair: changed on the machine itself (${changes.join(", ")}): back to the same image without that, where the disk still has it; else up refuses, and ${reset}`,
          reboots: "it is a part of the system that runs",
        };
  },
  ({ booted: { unlocked } }) =>
    ["none", "hotfix"].includes(unlocked)
      ? undefined
      : {
          text: `repair: /usr is writable (unlocked: ${unlocked}), until the machine reboots`,
          reboots: "that ends it",
        },
  ({ activeUpdateDriver: driver }, { updateDriver }) => {
    if (driver === "") return undefined;
    return updateDriver === "fail"
      ? {
          text: `${driver} is active: up refuses to change anything until it is stopped (updateDriver: "fail")`,
        }
      : { text: `repair: ${driver} is stopped and masked` };
  },
  ({ changedEtc }, { unchangedEtc = [] }) => {
    const restored = changedEtc.filter((change) => unchangedEtc.some((path) => liesIn(change, path)));
    return restored.length === 0
      ? undefined
      : { text: `repair: restored from /usr/etc, with a copy of what is there: ${restored.join(", ")}` };
  },
  ({ kernelArguments: now, __declared }, { kernelArguments: wanted }) => {
    const added = without(wanted?.present, now?.present);
    const removed = without(wanted?.absent, now?.absent);
    const { present, absent } = __declared.kernelArguments ?? {};
    // Of one that is declared for the first time the state does not say how the machine has it.
    const isNew = without(added, present).length + without(removed, absent).length;
    if (added.length + removed.length === 0) return undefined;
    const words = [
      added.length > 0 && `added where they are not there: ${added.join(" ")}`,
      removed.length > 0 && `removed where they are there: ${removed.join(" ")}`,
    ];
    return {
      text: `kernel arguments ${words.filter(Boolean).join("; ")}`,
      reboots: "kernel arguments count from the next boot on",
      ...(isNew === added.length + removed.length && { unless: "the machine shows them like that already" }),
    };
  },
];

const reset = '"rpm-ostree reset" on the machine, and a reboot, removes it';

/** rpm-ostree takes layers along to another image, unless that lies on the disk already. */
function layersInTheWay(
  { booted: { layering }, deployments }: FcosState,
  digest: string,
): Repair | undefined {
  const isThere = deployments.some((each) => each.digest === digest && each.role === "rollback");
  if (layering.length === 0 || isThere) return undefined;
  return {
    text: `layered on the machine (${layering.join(", ")}), and would go on into the other image: up refuses; ${reset}`,
  };
}

function repairsOf(state: FcosState, news: FcosHostInputs): Repair[] {
  return repairers.flatMap((repairer) => repairer(state, news) ?? []);
}

/** Staged by a run of this program that has not reached its end. */
function isOurs(state: FcosState, digest: string): boolean {
  return state.__declared.digest === digest && !isConfirmed(state);
}

/** The kernel folder of the deployment, as the machine showed it. */
function kernelOfImage({ deployments, __declared }: FcosState, digest: string): string | undefined {
  const seen = deployments.find((each) => each.digest === digest)?.kernelRelease;
  const { kernelOfImage: isOwn, kernelRelease } = __declared;
  return seen || (isOwn && __declared.digest === digest ? kernelRelease : undefined);
}

/** `M /etc/ssh/sshd_config`, in that file or in a folder above it. */
function liesIn(change: string, path: string): boolean {
  return `${change.slice(change.indexOf("/"))}/`.startsWith(`${path}/`);
}

function moving(state: FcosState, news: FcosHostInputs): string[] {
  const { digest, kernelRelease } = news.booted;
  if (state.booted.digest === digest) return [];
  const known = [...state.deployments, ...state.history].find((each) => each.digest === digest);
  const kernel = step(
    state.booted.kernelRelease,
    kernelRelease ?? known?.kernelRelease ?? "that of the image",
  );
  const from = shortDigest(state.booted.digest);
  return [`update: ${from} → ${shortDigest(digest)}, kernel ${kernel}; ${fetching(state, digest)}`];
}

/** Where the image comes from. */
function fetching(state: FcosState, digest: string): string {
  const role = state.deployments.find((each) => each.digest === digest)?.role;
  if (role === "staged") return "staged already, so nothing is downloaded";
  if (role === "rollback") return "still on the machine's disk, so nothing is downloaded";
  if (role === "other") return "pulled anew, with the layers that are still on the machine's disk";
  return state.history.some((each) => each.digest === digest)
    ? "an earlier one that is no longer on the disk: what is missing of it is downloaded"
    : "what is missing of it is downloaded";
}

function rebooting(all: readonly Pick<Repair, "reboots" | "unless">[], { reboot }: FcosHostInputs): string {
  const causes = all.filter(({ reboots }) => reboots !== undefined);
  if (causes.length === 0) return "no reboot";
  const [first] = causes;
  const unless = causes.length === 1 && first?.unless !== undefined ? `, unless ${first.unless}` : "";
  const because = `because ${causes.map(({ reboots }) => reboots).join(", and ")}${unless}`;
  return reboot === "manual"
    ? `needs a reboot by somebody (reboot: "manual"), ${because}; the up after it confirms it`
    : `REBOOT, ${because}`;
}

/** A move that did not reach its end, or waits for somebody. */
function goingOn({ phase, unfinished }: FcosState, { booted, reboot }: FcosHostInputs): string {
  const image = [shortDigest(booted.digest), booted.kernelRelease && `kernel ${booted.kernelRelease}`];
  const what = image.filter(Boolean).join(", ");
  if (unfinished !== "")
    return `the move to ${what} goes on: it stopped in the phase ${unfinished}${phase ? `, after ${phase}` : ""}`;
  return reboot === "manual"
    ? `staged: ${what}; it runs after a reboot by somebody (reboot: "manual"), and the up after that confirms it`
    : `the move to ${what} goes on after the phase ${phase || "preflight"}; REBOOT, because ${imageChanges}`;
}

function nothingMoves({ healthChecks = {} }: FcosHostInputs): string {
  const checks = Object.keys(healthChecks);
  const asked = checks.length === 0 ? "" : `, and its health is asked for (${checks.join(", ")})`;
  return `nothing is moved: the machine is looked at${asked}; no reboot`;
}

function without(wanted: readonly string[] = [], there: readonly string[] = []): string[] {
  return wanted.filter((argument) => !there.includes(argument));
}

function step(old: string | undefined, now: string): string {
  return old === undefined || old === "" || old === now ? now : `${old} → ${now}`;
}
