import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import { runJob, type JobResult } from "../host/job";
import type { NixosContext } from "./context";
import { buildsOnTarget, derivations, requireSameSystem } from "./derivations";
import { nixArguments } from "./nix-arguments";
import { nixCopy, storeOption, type StoreRoot } from "./nix-copy";

/** Brings a path and all that it needs into a store of the host, in the way that the program asks for. */
export async function copyClosure(context: NixosContext, path: string, root: StoreRoot): Promise<void> {
  if (buildsOnTarget(context)) return buildThere(context, path, root);
  if (context.spec.inputs.nix?.substituteOnDestination) await fetchThere(context, path, root);
  await nixCopy(context, path, root);
}

/** Sends the derivations, and lets the host build them; what its substituters have it does not build. */
async function buildThere(context: NixosContext, path: string, root: StoreRoot): Promise<void> {
  const known = await derivations(context);
  const derivation = known.find(({ outPath }) => outPath === path);
  if (derivation === undefined) {
    return requireSameSystem(
      "the flake",
      path,
      known.map(({ outPath }) => outPath),
    );
  }
  await nixCopy(context, derivation.drvPath, root, "derivations");
  const store = storeOption(root);
  const job = await runNixJob(
    context,
    "build",
    `set -e
${roomForBuilds(root)}nix-store${store} --realise ${quote(derivation.drvPath)}
nix-store${store} --check-validity ${quote(path)}`,
  );
  if (job.exitCode === 0) return;
  throw new HostError("build-failed", {
    what: `${path} could not be built on the host`,
    expected: `nix-store --realise to give ${path}`,
    seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
    next: 'read the log, then run pulumi up again; what was built is kept. nix.buildOn: "client" builds here instead',
    log: job.output,
  });
}

/**
 * Lets the host fetch what its own substituters have of the closure. Not by `nix copy --substitute-on-destination`:
 * over the daemon's protocol that asks this machine's substituters, and older versions of Nix ask none at all.
 */
async function fetchThere(context: NixosContext, path: string, root: StoreRoot): Promise<void> {
  const { runLocal, progress, spec } = context;
  const closure = await runLocal(
    "nix",
    [...nixArguments(spec.inputs.nix?.options), "path-info", "--recursive", path],
    { deadlineSeconds: spec.deadlines.phaseSeconds },
  );
  const paths = closure.stdout.split("\n").filter((line) => line.startsWith("/nix/store/"));
  if (closure.exitCode !== 0 || paths.length === 0) return;
  const job = await runNixJob(
    context,
    "fetch",
    `nix-store${storeOption(root)} --realise --ignore-unknown ${paths.map(quote).join(" ")} > /dev/null`,
  );
  // What could not be fetched is copied: a substituter that is down is no reason to stop.
  if (job.exitCode !== 0)
    progress.warning(`the host could not fetch from its substituters: ${lastLine(job)}`);
}

function lastLine({ output }: JobResult): string {
  return output.trim().split("\n").at(-1) ?? "";
}

/** The installer's /tmp is RAM: a build for the new disk's store works on that disk. */
function roomForBuilds(root: StoreRoot): string {
  return root === "" ? "" : `mkdir -p -m 1777 ${root}/tmp\nexport TMPDIR=${root}/tmp\n`;
}

function runNixJob(
  { session, progress, spec }: NixosContext,
  name: string,
  script: string,
): Promise<JobResult> {
  return runJob(session, {
    name,
    script,
    deadlineSeconds: spec.deadlines.phaseSeconds,
    onLine: (line) => {
      progress.log(line);
      if (/^(building|copying path)/.test(line)) progress.detail(line);
    },
  });
}
