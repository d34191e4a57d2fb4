import { asHostError } from "../core/errors";
import { observe } from "../fcos/context";
import { contextFor } from "../fcos/deploy";
import { shortDigest } from "../core/image-reference";
import { bootedOf, nextIsBooted, runsAsDeclared } from "../fcos/goal";
import { preflightProblems } from "../fcos/phases/preflight";
import { plan } from "../fcos/plan";
import type { FcosContext, FcosFacts, FcosSpec } from "../fcos/types";
import { connectSsh } from "../transport/ssh";
import { fcosKind } from "./fcos-kind";
import type { Inputs } from "./inputs";
import { describeNew, info, silent, warning, type PreviewLine } from "./new-host";

/** A machine that would be taken over as it runs, and moved to the image. */
export async function describeNewFcosHost(
  known: Inputs,
  unknown: readonly string[],
  kernelRelease: string | undefined,
): Promise<PreviewLine[]> {
  if (known["probeInPreview"] === false) return [];
  if (unknown.some((name) => !ofTheImage.includes(name)))
    return [info("MOVE: something in its inputs is not known yet, so the machine was not looked at")];
  const isBuilt = unknown.length === 0;
  const inputs = isBuilt ? known : { ...known, ...notBuiltYet(kernelRelease) };
  return describeNew(fcosKind, inputs, (checked) => {
    const context = contextFor({ connect: connectSsh, progress: silent }, checked, undefined);
    return {
      session: context.session,
      lines: async () => movingLines(context, await observe(context), isBuilt),
      otherwise: "so what it runs is not shown",
    };
  });
}

/** What is only known when the image is. */
const ofTheImage = ["image", "booted", "bootDefault", "__imageError"];

/** Stands for an image that is built in the same run: the machine can be looked at without it. */
function notBuiltYet(kernelRelease: string | undefined): Inputs {
  const digest = `sha256:${"0".repeat(64)}`;
  return {
    image: `image.invalid/not-built-yet@${digest}`,
    booted: {
      digest,
      unlocked: "none",
      layering: [],
      ...(kernelRelease === undefined ? {} : { kernelRelease }),
    },
    bootDefault: { digest, deployment: "booted" },
  };
}

/** What a create would do to the machine as it was found. `isBuilt`: the image is there already. */
export function movingLines(
  context: Pick<FcosContext, "spec">,
  facts: FcosFacts,
  isBuilt: boolean,
): PreviewLine[] {
  const { spec } = context;
  const booted = bootedOf(facts);
  const image = booted === undefined ? "" : `, ${shortDigest(booted.digest)}`;
  const found = `found ${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}${image}`;
  try {
    plan(context, facts);
  } catch (error) {
    return [warning(`${found}; the move would be refused: ${asHostError(error).text()}`)];
  }
  const kernel = spec.kernelRelease === undefined ? "" : `, kernel ${spec.kernelRelease}`;
  const wanted = isBuilt
    ? `${shortDigest(spec.digest)}${kernel}`
    : `the image that is made first${kernel}; its digest is known when it was built`;
  const problems = preflightProblems(spec, facts, isBuilt ? "known" : "not built yet");
  return [
    info(`MOVE of ${spec.machine}: ${found}; to ${wanted}; ${rebootOf(spec, facts)}`),
    ...problems.map(({ expected, seen }) =>
      warning(`the move would be refused: expected ${expected}, seen ${seen}`),
    ),
  ];
}

function rebootOf(spec: FcosSpec, facts: FcosFacts): string {
  if (runsAsDeclared(facts, spec))
    return `it runs that image already${nextIsBooted(facts) ? "" : "; what is queued for its next boot is taken back"}`;
  return spec.reboot === "manual" ? 'it runs it after a reboot by somebody (reboot: "manual")' : "one reboot";
}
