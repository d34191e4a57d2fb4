import { HostError, type ErrorCode } from "../core/errors";
import { bytes } from "../core/format";
import type { NixosContext } from "./context";
import { uploadFolder, type NixosFacts } from "./facts";
import { rehearseKexec, uploadBundle } from "./kexec-bundle";
import { Candidates, type Installer } from "./kexec-candidates";
import { kexecImage, type KexecImage } from "./kexec-image";
import { imageName, imagesFor, type KexecImageReference } from "./kexec-reference";
import { nixArguments } from "./nix-arguments";

/** One list for a whole run: what failed in the rehearsal is not tried again by the phase that boots. */
export function candidatesOf({ spec, notes }: NixosContext, facts: NixosFacts): Candidates {
  notes.candidates ??= new Candidates(imagesFor(spec.kexecImages, facts.architecture));
  return notes.candidates;
}

/** Brings the next image that can be loaded to the host. Throws when there is none. */
export async function rehearseNext(context: NixosContext, facts: NixosFacts): Promise<Installer> {
  const candidates = candidatesOf(context, facts);
  for (;;) {
    const image = candidates.next();
    try {
      return await bringToHost(context, facts, image);
    } catch (error) {
      if (!(error instanceof HostError) || !isOfTheImage(error)) throw error;
      candidates.failed(imageName(image), error, context.progress);
    }
  }
}

async function bringToHost(
  context: NixosContext,
  facts: NixosFacts,
  reference: KexecImageReference,
): Promise<Installer> {
  const { spec, progress, runLocal } = context;
  const { options, builders } = spec.inputs.nix ?? {};
  const image = await kexecImage(reference, {
    progress,
    runLocal,
    nixArguments: nixArguments({ ...options, ...(builders && { builders: builders.join(" ; ") }) }),
    deadlineSeconds: spec.deadlines.phaseSeconds,
  });
  await requireSpace(context, facts, image);
  await uploadBundle(context, image);
  return { ...(await rehearseKexec(context)), sha256: image.sha256, source: imageName(reference) };
}

/** The tarball, what is unpacked from it, and the initrd that `run` makes a larger copy of. */
async function requireSpace({ session }: NixosContext, facts: NixosFacts, image: KexecImage): Promise<void> {
  const needed = image.sizeBytes * 3;
  const free = (facts.freeKiB["/root"] ?? 0) * 1024;
  if (free >= needed) return;
  // What an earlier attempt left there is used again, or replaced.
  const left = await session.run(`du -sk ${uploadFolder} 2>/dev/null | cut -f1`, { deadlineSeconds: 30 });
  if (free + (Number.parseInt(left.stdout, 10) || 0) * 1024 >= needed) return;
  throw new HostError("preflight-refused", {
    what: "the machine cannot be installed as it is; nothing was changed",
    expected: `${bytes(needed)} free in /root for the installer`,
    seen: bytes(free),
    next: "correct what is named, then run pulumi up again",
  });
}

/** Another image may do better. Anything else would meet the same machine, or the same network, again. */
function isOfTheImage({ code }: HostError): boolean {
  const codes: ErrorCode[] = [
    "bad-input",
    "download-failed",
    "build-failed",
    "preflight-refused",
    "kexec-load-failed",
  ];
  return codes.includes(code);
}
