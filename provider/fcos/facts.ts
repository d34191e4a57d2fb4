import { HostError } from "../core/errors";
import { parseSections, section, text, type Sections } from "../host/probe";
import { lines, parseSystemFacts, systemProbe } from "../host/system-facts";
import { bootEntriesScript, parseBootEntries } from "./boot-entries";
import { parseChangedEtc } from "./changed-etc";
import { guardProbe, parseGuard } from "./guard";
import { kernelsOf, kernelsScript, parseKernels } from "./kernels";
import { parseOstreeStatus } from "./ostree-status";
import { parseFcosReceipt } from "./receipt";
import { parseBootcStatus } from "./status-bootc";
import { parseRpmOstreeStatus } from "./status-rpm-ostree";
import type { DriverName, FcosFacts, FcosSpec, ListedDeployment } from "./types";
import { parseUpdateDrivers, updateDriversScript } from "./update-drivers";

export interface FcosQuestion {
  driver: FcosSpec["driver"];
  /** Files and folders of /etc that must be as the image has them; comparing costs a second, so only where asked. */
  unchangedEtc: readonly string[];
  kernelArguments: boolean;
}

const failed = "@failed";
/** What a tool prints, or after a mark what it says instead. */
const told = (command: string, inWords = command): string =>
  `${command} || { echo; echo ${failed}; ${inWords} 2>&1; }`;
const status = (tool: string, options: string): string => told(`${tool} status ${options}`, `${tool} status`);
const when = { "rpm-ostree": "command -v rpm-ostree >/dev/null", bootc: "command -v bootc >/dev/null" };
const marksOfMachineConfigOperator = [
  "/etc/machine-config-daemon/currentconfig",
  "/etc/machine-config-daemon/node-annotations.json",
  "/etc/machine-config-daemon/node-annotation.json.bak",
  "/etc/ignition-machine-config-encapsulated.json",
  "/etc/ignition-machine-config-encapsulated.json.bak",
  "/etc/mcs-machine-config-content.json",
  "/run/bin/machine-config-daemon",
];

export function fcosProbe(question: FcosQuestion): string {
  const { driver } = question;
  const ostree = "[ -e /run/ostree-booted ]";
  return [
    systemProbe({ tools: [], freeSpaceOf: [] }),
    section("ostree-booted", `${ostree} && echo yes`),
    section("ostree-tools", `${when["rpm-ostree"]} && echo rpm-ostree; ${when.bootc} && echo bootc`),
    section(
      "rpm-ostree",
      driver === "bootc"
        ? ":"
        : `${ostree} && ${when["rpm-ostree"]} && { ${status("rpm-ostree", "--json")}; }`,
    ),
    section(
      "bootc",
      driver === "rpm-ostree"
        ? ":"
        : `${ostree} && ${when.bootc} && ${driver === "bootc" ? "" : `! ${when["rpm-ostree"]} && `}{ ${status("bootc", "--format=json")}; }`,
    ),
    section("ostree-status", `${ostree} && ostree admin status`),
    section(
      "origins",
      'for f in /ostree/deploy/*/deploy/*.origin; do [ -e "$f" ] && { i=${f##*/}; echo "@ ${i%.origin}"; cat "$f"; echo; }; done',
    ),
    section("kernels", kernelsScript),
    section("boot-entries", bootEntriesScript),
    section("update-drivers", updateDriversScript),
    section(
      "machine-config-operator",
      `for f in ${marksOfMachineConfigOperator.join(" ")}; do [ -e $f ] && echo $f; done`,
    ),
    section("signature-policy", "cat /etc/containers/policy.json || cat /usr/share/containers/policy.json"),
    section(
      "changed-etc",
      question.unchangedEtc.length > 0 ? `${ostree} && { ${told("ostree admin config-diff")}; }` : ":",
    ),
    section(
      "next-kernel-arguments",
      question.kernelArguments && driver !== "bootc" ? `${when["rpm-ostree"]} && rpm-ostree kargs` : ":",
    ),
    section("ostree-free", `for d in /boot /sysroot; do echo "$(df -Pk $d | awk 'NR==2{print $4}')"; done`),
    section("finalize-failure", finalizeFailureScript),
    guardProbe,
  ].join("\n");
}

/** Of this boot from the stamp; of the last one's end from the unit that has taken the stamp away. */
const finalizeFailureScript = `cat /boot/ostree/finalize-failure.stamp || {
  systemctl is-failed --quiet ostree-boot-complete.service &&
    { journalctl -b -u ostree-boot-complete.service -o cat --no-pager | grep -F 'failed on previous boot' | tail -n 1 | grep . ||
      echo 'ostree-boot-complete.service has failed'; }
}`;

export function parseFcosFacts(output: string, question: FcosQuestion): FcosFacts {
  const sections = parseSections(output);
  const found = toolsIn(sections);
  const listed = listedIn(sections);
  const kernels = parseKernels(text(sections, "kernels"));
  const entries = parseBootEntries(text(sections, "boot-entries"));
  const [boot, sysroot] = text(sections, "ostree-free").split("\n");
  return {
    ...parseSystemFacts(sections),
    receipt: parseFcosReceipt(text(sections, "receipt")),
    ostreeBooted: isOstree(sections),
    tools: found,
    driver: listed.driver,
    deployments: listed.deployments.map((deployment) => ({
      ...deployment,
      kernels: kernelsOf(kernels, deployment),
      bootEntry: entries.get(deployment.id),
    })),
    transaction: listed.transaction,
    updateDrivers: parseUpdateDrivers(text(sections, "update-drivers"), listed.registeredDriver),
    bootcIncompatible: listed.incompatible,
    machineConfigOperatorMarks: lines(text(sections, "machine-config-operator")),
    signaturePolicy: text(sections, "signature-policy"),
    freeBytes: { boot: kibibytes(boot), sysroot: kibibytes(sysroot) },
    nextKernelArguments: text(sections, "next-kernel-arguments"),
    changedEtc: parseChangedEtc(configDiffIn(sections), question.unchangedEtc, listed.registeredDriver?.unit),
    finalizeFailure: text(sections, "finalize-failure").replace(/^error: /, ""),
    guard: parseGuard(sections),
  };
}

const isOstree = (sections: Sections): boolean => text(sections, "ostree-booted") === "yes";

function toolsIn(sections: Sections): FcosFacts["tools"] {
  const found = lines(text(sections, "ostree-tools"));
  return { rpmOstree: found.includes("rpm-ostree"), bootc: found.includes("bootc") };
}

interface Listed {
  driver: FcosFacts["driver"];
  deployments: ListedDeployment[];
  transaction: string;
  registeredDriver: { name: string; unit: string } | undefined;
  incompatible: boolean;
}

function listedIn(sections: Sections): Listed {
  const none = { transaction: "", registeredDriver: undefined, incompatible: false };
  const [ofRpmOstree, ofBootc] = [text(sections, "rpm-ostree"), text(sections, "bootc")];
  if (ofRpmOstree !== "") {
    const read = parseRpmOstreeStatus(ofRpmOstree) ?? withoutStatus("rpm-ostree", ofRpmOstree);
    return { ...none, ...read, driver: "rpm-ostree" };
  }
  if (ofBootc === "") return { ...none, driver: "", deployments: [] };
  const beside = {
    ostree: parseOstreeStatus(text(sections, "ostree-status")),
    origins: parseOrigins(text(sections, "origins")),
  };
  const read = parseBootcStatus(ofBootc, beside) ?? withoutStatus("bootc", ofBootc);
  return { ...none, ...read, driver: "bootc" };
}

/** Everything is decided by it: without it nothing may be guessed. */
function withoutStatus(tool: DriverName, output: string): never {
  const what = { command: `${tool} status`, result: "status", expected: "exit code 0 and its JSON document" };
  return unreadable(what, output);
}

/** A comparison that failed shows no change, and is none. */
function configDiffIn(sections: Sections): string {
  const output = text(sections, "changed-etc");
  if (!lines(output).includes(failed)) return output;
  const command = "ostree admin config-diff";
  return unreadable({ command, result: "list of what differs in /etc", expected: "exit code 0" }, output);
}

function unreadable(what: { command: string; result: string; expected: string }, output: string): never {
  const [printed = "", words] = output.split(new RegExp(`^${failed}$`, "m"));
  throw new HostError("command-failed", {
    what: `${what.command} gave no ${what.result}`,
    expected: what.expected,
    seen: words?.trim() ?? printed.slice(0, 200),
    next: `run "sudo ${what.command}" on the host and correct what it says, then run pulumi up again`,
  });
}

/** `@ <id>` and the lines of its origin file. */
function parseOrigins(content: string): ReadonlyMap<string, string> {
  return new Map(
    content
      .split(/^@ /m)
      .slice(1)
      .map((block) => [block.slice(0, block.indexOf("\n")), block.slice(block.indexOf("\n") + 1)]),
  );
}

function kibibytes(free: string | undefined): number {
  return (Number.parseInt(free ?? "", 10) || 0) * 1024;
}
