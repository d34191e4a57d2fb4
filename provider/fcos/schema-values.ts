import { z } from "zod";
import { formatReference, parseReference, referenceProblem } from "../core/image-reference";
import { absolutePath, judged } from "../host/schema-values";
import { whyTheMachinesOwn } from "./machines-own-etc";

/** The single values that only an ostree machine has. Every message goes on after the property's path. */
export const image = judged(imageProblem);

/** A tag means another image tomorrow, and the machine could not prove that it runs the one that was meant. */
function imageProblem(text: string): string | undefined {
  const reference = parseReference(text);
  if (reference === undefined) return referenceProblem(text)?.replace(/with ":tag" or /, "with ");
  const { registry, repository, tag, digest } = reference;
  if (digest === undefined)
    return `must name the image by its digest, ${formatReference({ registry, repository })}@sha256:…: a tag means another image tomorrow`;
  return tag === undefined
    ? undefined
    : `must have no tag beside the digest: write ${formatReference({ registry, repository, digest })}`;
}

export const remote = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'must be the name of an ostree remote, as "ostree remote list" shows it',
  );

/** Written by others on every boot, or by ostree for each deployment. */
const argumentsOfOthers = /^(ostree|BOOT_IMAGE|initrd)(=|$)/;

export const kernelArgument = judged((argument) => {
  if (argument === "") return "must not be empty";
  if (/[\s\0]/.test(argument))
    return 'must be a single argument without blanks, such as "mitigations=auto,nosmt"';
  if (argument.startsWith("=")) return "must begin with the argument's name";
  return argumentsOfOthers.test(argument)
    ? `must not be ${argument.replace(/=.*/s, "")}: the boot loader and ostree write it`
    : undefined;
});

export const etcPath = absolutePath
  .refine(
    (path) => path.startsWith("/etc/"),
    "must lie below /etc: all else of the system cannot be changed on the machine, or is not the image's",
  )
  .superRefine((path, context) => {
    const reason = whyTheMachinesOwn(path);
    if (reason !== undefined) context.addIssue({ code: "custom", message: `must not be ${path}: ${reason}` });
  });
