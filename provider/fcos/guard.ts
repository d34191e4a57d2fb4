import { quote } from "../core/quote";
import { lines } from "../host/system-facts";
import { section, text, type Sections } from "../host/probe";
import { goBackScript, guardFolder, guardScript, guardUnit, guardWants, unitFile } from "./guard-unit";
import type { Deployment, GuardFacts } from "./types";

const unitFiles = [guardUnit, ...guardWants.map((folder) => `${folder}/${guardUnit}`)].join(" ");

/** Runs `then` for every deployment that holds the unit, in its folder of units. */
const whereItIs = (then: string): string =>
  `for d in /ostree/deploy/*/deploy/*.*; do u=$d/etc/systemd/system; [ -s "$u/${guardUnit}" ] || continue; ${then}; done`;

const isAtWork = `systemctl is-active --quiet ${guardUnit}`;

/** Also when it has come to its end since the first look: only then it takes its file away itself. */
const isFiring = `is_firing() { [ -e ${guardFolder}/firing ] && { ${isAtWork} || [ ! -e ${guardFolder}/firing ]; }; }`;

export const guardProbe = [
  section("guard-armed", `cat ${guardFolder}/armed`),
  // A power cut on the way leaves the file, and nobody who acts.
  section("guard-firing", `[ -e ${guardFolder}/firing ] && ${isAtWork} && echo yes`),
  section("guard-units", whereItIs('echo "${d##*/}"')),
  section("guard-rolled-back", `cat ${guardFolder}/rolled-back`),
].join("\n");

export function parseGuard(sections: Sections): GuardFacts {
  const armed = text(sections, "guard-armed");
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(armed)?.[1] ?? "";
  const deployment = value("deployment");
  // Without its unit in that deployment nothing would ever look at the file.
  const hasUnit = lines(text(sections, "guard-units")).includes(deployment);
  const armedFor = deployment !== "" && hasUnit ? deployment : "";
  return {
    armedFor,
    previous: armedFor === "" ? "" : value("previous"),
    firing: text(sections, "guard-firing") === "yes",
    rolledBack: text(sections, "guard-rolled-back"),
  };
}

/** The unit's own files are no change of /etc that anybody made. */
export function isGuardFile(change: string): boolean {
  return (
    change.endsWith(`/${guardUnit}`) ||
    guardWants.some((folder) => change.endsWith(`/systemd/system/${folder}`))
  );
}

/**
 * Writes the guard into the deployment's own /etc, which a rollback takes as it is and a finalized one has already:
 * the system that runs never gets it. `armed` is written last; without it the unit does nothing.
 */
export function armGuard(target: Deployment, previous: Deployment, seconds: number): string {
  const etc = `/ostree/deploy/${target.stateroot}/deploy/${target.id}/etc`;
  const links = guardWants.map(
    (folder) => `mkdir -p ${folder}; ln -sfn ../${guardUnit} ${folder}/${guardUnit}`,
  );
  const armed = `deployment=${target.id}\nprevious=${previous.id}\nseconds=${Math.ceil(seconds)}\n`;
  return `set -e
umask 022
mkdir -p ${guardFolder}
rm -f ${["armed", "held", "firing", "rolled-back"].map((name) => `${guardFolder}/${name}`).join(" ")}
${write(`${guardFolder}/go-back.sh`, goBackScript(previous.id))}
${write(`${guardFolder}/guard.sh`, guardScript(previous.id))}
${inWritableSysroot(`cd ${etc}
mkdir -p systemd/system
cd systemd/system
${write(guardUnit, unitFile)}
${links.join("\n")}`)}
sync
${write(`${guardFolder}/armed`, armed)}
sync`;
}

/**
 * A client that is at work keeps the guard waiting for so many seconds more. Prints whether it is still in time: `held`,
 * `none`, `firing`, `unwritten`, or `stale` when the guard was cut off on its way back, and does not act any more.
 */
export function holdGuard(seconds: number): string {
  return `dir=${guardFolder}
${isFiring}
if [ ! -e $dir/armed ]; then
  if is_firing; then echo firing; elif rm $dir/firing 2>/dev/null; then echo stale; else echo none; fi
  exit 0
fi
echo $(($(cut -d. -f1 /proc/uptime) + ${Math.ceil(seconds)})) > $dir/held.tmp && mv $dir/held.tmp ${guardFolder}/held || { echo unwritten; exit 0; }
if [ -e $dir/armed ]; then echo held; else echo firing; fi`;
}

/**
 * Takes the word from the guard, and removes all that there is of it. Prints `gone`, after `stale` where it was cut off on
 * its way back; or `firing` when the guard was faster: then the machine is on its way back, and nothing is touched.
 */
export const disarmGuard = `dir=${guardFolder}
${isFiring}
if ! mv $dir/armed $dir/disarmed 2>/dev/null && [ -e $dir/firing ]; then
  if is_firing; then echo firing; exit 0; fi
  echo stale
fi
systemctl stop ${guardUnit} 2>/dev/null
found=$(${whereItIs("echo found")})
if [ -n "$found" ]; then
${inWritableSysroot(whereItIs(`cd "$u" && rm -f ${unitFiles} && { rmdir ${guardWants.join(" ")} 2>/dev/null || :; }`))}
fi
[ -z "$found" ] || systemctl daemon-reload 2>/dev/null
rm -rf $dir
echo gone`;

/** By another name first: a shell that still runs the old file must not read on in a new one. */
function write(path: string, content: string): string {
  return `printf '%s' ${quote(content)} > ${path}.tmp && mv -f ${path}.tmp ${path}`;
}

/** /sysroot is mounted read-only; ostree itself writes there in a mount namespace of its own, too. */
function inWritableSysroot(script: string): string {
  return `unshare -m sh -c ${quote(`set -e
mount -o remount,rw /sysroot 2>/dev/null || [ -w /sysroot ]
${script}`)}`;
}
