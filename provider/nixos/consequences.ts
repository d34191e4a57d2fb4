import { HostError } from "../core/errors";
import { disksWithoutConsent, howToConsent } from "./consent";
import { bootKeyReason } from "./reboot-reason";
import type { NixosHostInputs } from "./schema";
import { changedForInstallsOnly } from "./install-only";
import { isInstalled, type HostState } from "./state";
import { installKey, specOf } from "./spec";
import { describeDisk } from "./disk-check";
import { inWords } from "./disko-mode";
import { shortPath } from "./phases/install";

export interface Consequences {
  reinstall: boolean;
  /** In words, for the preview. */
  lines: string[];
}

/** What an `up` would do to the machine, from inputs and state alone: no network. */
export function consequences(state: HostState, news: NixosHostInputs): Consequences {
  const reinstall = state.__installed.installKey !== "" && state.__installed.installKey !== installKey(news);
  if (reinstall) return { reinstall, lines: [reinstallLine(state, news)] };
  if (!isInstalled(state)) return { reinstall, lines: [resumeLine(state, news)] };
  const declared = news.current.toplevel;
  const unused = changedForInstallsOnly(state, news);
  const drifted =
    state.current.toplevel !== declared ||
    state.booted.toplevel !== declared ||
    state.bootDefault.toplevel !== declared;
  if (!drifted && state.booted.kernelRelease === news.booted.kernelRelease)
    return { reinstall, lines: unused };
  const onHost = state.history.some((entry) => entry.toplevel === declared);
  const from = shortPath(state.current.toplevel) || "nothing";
  return {
    reinstall,
    lines: [
      ...unused,
      `update: ${from} → ${shortPath(declared)}${onHost ? ", an earlier system that is still on the host unless it was collected" : ""}; ` +
        `${bootKeyReason(state, news)}; the disks stay as they are`,
    ],
  };
}

/** Consent is asked for on inputs alone, at the preview, and again before the wipe. */
export function requireReinstallConsent(state: HostState, news: NixosHostInputs): void {
  const spec = specOf(news);
  const missing = disksWithoutConsent(
    spec,
    (device) => state.disks.find((known) => known.device === device)?.serial,
  );
  if (missing.length === 0) return;
  throw new HostError("reinstall-refused", {
    what: `${reinstallReason(state, news)}: the machine would have to be reinstalled`,
    expected: `install.allowReinstall to name ${missing.join(", ")}`,
    seen: JSON.stringify(spec.allowReinstall),
    next: howToConsent(spec),
  });
}

/** An install that stopped half-way, or was asked for in parts, goes on where the machine's receipt says. */
function resumeLine(state: HostState, news: NixosHostInputs): string {
  const boots = `reboots into ${shortPath(news.current.toplevel)}, kernel ${news.booted.kernelRelease}`;
  const { installKey: installed, begun } = state.__installed;
  if (news.adopt === true && installed === "" && begun === undefined) {
    return `ADOPT goes on: nothing is wiped; the machine is moved to ${shortPath(news.current.toplevel)}, kernel ${news.booted.kernelRelease}`;
  }
  if (["disko", "install"].includes(state.phase)) {
    return `the install goes on after the phase ${state.phase}; the disks are ${inWords(specOf(news)).done} already; ${boots}`;
  }
  if (state.__installed.installKey !== "") {
    return "the machine was left in the installer, and its disks hold the system of before: reboot it, up refuses to go on";
  }
  return `the install goes on after the phase ${state.phase || "preflight"}; ${inWords(specOf(news)).does} ${disksInWords(state, news)}; ${boots}`;
}

function reinstallLine(state: HostState, news: NixosHostInputs): string {
  const words = inWords(specOf(news));
  return `${words.reinstall}: ${reinstallReason(state, news)}. ${words.does} ${disksInWords(state, news)}. Reboots: into the installer by kexec, then into ${shortPath(news.current.toplevel)}`;
}

function disksInWords(state: HostState, news: NixosHostInputs): string {
  const disks = specOf(news).disks.map(({ device }) => {
    const record = state.disks.find((known) => known.device === device);
    return record === undefined ? device : describeDisk(record);
  });
  return disks.join(", ");
}

function reinstallReason(state: HostState, news: NixosHostInputs): string {
  if (state.layout.hash !== news.layout.hash) return "the disk layout changed";
  if ((state.install?.reinstallTrigger ?? "") !== (news.install?.reinstallTrigger ?? ""))
    return "install.reinstallTrigger changed";
  return "the disks changed";
}
