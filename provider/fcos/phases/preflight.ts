import { bytes } from "../../core/format";
import { problemsIn, refuse, type Problem } from "../../host/problems";
import { bootedOf, isWanted, nextOf, wantedOnDisk } from "../goal";
import { takeBackEarlierLogin } from "../pull";
import { policyRefusal } from "../signature-policy";
import { bootSpaceProblem, kernelBytes } from "../space";
import type { FcosFacts, FcosPhase, FcosSpec } from "../types";

/** Layers of a small image alone; how many this one needs, only the pull shows, and it leaves the machine as it was. */
const leastFreeBytes = 256 * 1024 * 1024;

/** Everything that can be known before the machine is touched. */
export const preflight: FcosPhase = {
  name: "preflight",
  deadlineSeconds: () => 60,
  isDone: () => false,
  async run(context, facts) {
    refuse(
      preflightProblems(context.spec, facts),
      "the machine cannot be moved to the image as it is; nothing was changed",
    );
    await takeBackEarlierLogin(context);
  },
  verify: () => ({ proved: "" }),
};

/** Of one that is built in the same run nobody can say yet what a policy says of its name. */
type Image = "known" | "not built yet";

/** A table of what a machine must be, against what the probe saw. */
export function preflightProblems(spec: FcosSpec, facts: FcosFacts, image: Image = "known"): Problem[] {
  const wantsArguments = spec.kernelArguments.present.length + spec.kernelArguments.absent.length > 0;
  const active = facts.updateDrivers.map(({ name }) => name).join(", ");
  return problemsIn([
    [facts.uid === 0, "root, directly or by sudo", `uid ${facts.uid}`],
    [facts.container === "", "a machine with a kernel of its own", `a ${facts.container} container`],
    [
      facts.driver !== "",
      spec.driver === "auto" ? "rpm-ostree or bootc on the machine" : `${spec.driver} on the machine`,
      "it is not there",
    ],
    [
      facts.transaction === "",
      "no transaction that is at work",
      `${facts.transaction} (wait for its end, or end it with \`rpm-ostree cancel\`)`,
    ],
    [spec.updateDriver === "mask" || active === "", "nobody else who updates the machine", active],
    [isOfThisArchitecture(spec, facts), `a machine for the kernel ${spec.kernelRelease}`, facts.architecture],
    [
      facts.driver !== "bootc" || !wantsArguments,
      "kernel arguments that the image itself brings (in /usr/lib/bootc/kargs.d): bootc changes none on a machine",
      "kernelArguments in the program",
    ],
    [
      facts.driver !== "bootc" || spec.transport !== "remote-registry",
      "rpm-ostree for the transport remote-registry",
      "bootc",
    ],
  ]).concat(isThere(spec, facts) ? [] : pullProblems(spec, facts, image));
}

/** Nothing has to be fetched. */
function isThere(spec: FcosSpec, facts: FcosFacts): boolean {
  return isWanted(nextOf(facts), spec) || wantedOnDisk(facts, spec) !== undefined;
}

/** What only stands in the way of a new deployment. */
function pullProblems(spec: FcosSpec, facts: FcosFacts, image: Image): Problem[] {
  const booted = bootedOf(facts);
  const layering = booted?.layering ?? [];
  const refused =
    image === "known" ? policyRefusal(facts.signaturePolicy, spec.reference, spec.transport) : undefined;
  const isHotfix = booted?.digest === spec.digest && booted.unlocked === "hotfix";
  // The next kernel is about as large as the present one.
  const space = bootSpaceProblem(facts, kernelBytes(booted));
  return problemsIn([
    [
      layering.length === 0 && !facts.bootcIncompatible,
      "no local layering: it would go on into the new deployment (`rpm-ostree reset`, then a reboot, removes it)",
      layering.join(", ") || "bootc calls the deployment incompatible",
    ],
    [
      !isHotfix,
      "a deployment of the image without a hotfix (`rpm-ostree reset`, then a reboot, gives one)",
      "the booted one is unlocked as hotfix",
    ],
    [
      refused === undefined,
      "a signature policy (/etc/containers/policy.json) that lets the image in",
      refused ?? "",
    ],
    [
      facts.freeBytes.sysroot >= leastFreeBytes,
      `at least ${bytes(leastFreeBytes)} free in /sysroot`,
      bytes(facts.freeBytes.sysroot),
    ],
    [space === undefined, space?.expected ?? "", space?.seen ?? ""],
  ]);
}

/** A kernel release of RPM's ends with its architecture; one of another kind says nothing about it. */
function isOfThisArchitecture({ kernelRelease }: FcosSpec, { architecture }: FcosFacts): boolean {
  const suffix = kernelRelease?.split(".").at(-1) ?? "";
  return !rpmArchitectures.includes(suffix) || suffix === architecture;
}

const rpmArchitectures = ["x86_64", "aarch64", "ppc64le", "s390x", "riscv64"];
