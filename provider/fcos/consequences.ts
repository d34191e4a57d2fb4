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
  return { lines: [...lines, rebooting(moves.length > 0 ? [imageChanges] : reasonsOf(repairs), news)] };
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

/** Of a repair: what is done, and why it needs a reboot where it does. */
interface Repair {
  text: string;
  reboots?: string;
}

type Repairer = (state: FcosState, news: FcosHostInputs) => Repair | undefined;

/** One row for each kind of drift. */
const repairers: readonly Repairer[] = [
  ({ bootDefault, booted }, news) => {
    if (bootDefault.deployment === "booted" || booted.digest !== news.booted.digest) return undefined;
    const next = shortDigest(bootDefault.digest);
    return bootDefault.deployment === "staged"
      ? { text: `repair: what somebody staged (${next}) is dropped` }
      : { text: `repair: the next boot would start ${next}; it is set back to the system that runs` };
  },
  ({ booted, __declared }, news) => {
    const { kernelRelease } = booted;
    const ofTheImage = __declared.digest === news.booted.digest ? __declared.kernelRelease : undefined;
    const wanted = news.booted.kernelRelease ?? ofTheImage;
    return booted.digest === news.booted.digest && wanted !== undefined && kernelRelease !== wanted
      ? {
          text: `repair: the declared image runs, and its kernel does not: ${step(kernelRelease, wanted)}`,
          reboots: "another kernel runs",
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
  ({ changedEtc }) =>
    changedEtc.length === 0
      ? undefined
      : { text: `repair: restored from /usr/etc, with a copy of what is there: ${changedEtc.join(", ")}` },
  ({ kernelArguments: now }, { kernelArguments: wanted }) => {
    const added = without(wanted?.present, now?.present);
    const removed = without(wanted?.absent, now?.absent);
    if (added.length + removed.length === 0) return undefined;
    const words = [
      added.length > 0 && `added where they are not there: ${added.join(" ")}`,
      removed.length > 0 && `removed where they are there: ${removed.join(" ")}`,
    ];
    return {
      text: `kernel arguments ${words.filter(Boolean).join("; ")}`,
      reboots: "kernel arguments count from the next boot on",
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

function reasonsOf(repairs: readonly Repair[]): string[] {
  return repairs.flatMap(({ reboots }) => reboots ?? []);
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

function rebooting(reasons: readonly string[], { reboot }: FcosHostInputs): string {
  if (reasons.length === 0) return "no reboot";
  return reboot === "manual"
    ? `needs a reboot by somebody (reboot: "manual"), because ${reasons.join(", and ")}; the up after it confirms it`
    : `REBOOT, because ${reasons.join(", and ")}`;
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
