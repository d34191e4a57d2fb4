import { bytes } from "../../core/format";
import type { Wanted } from "../evidence";
import { wasCutOff, type InitramfsListing, type InitramfsLook } from "../image-look";
import type { BaseFacts } from "../types";
import { failed, ok, some, unchecked, type Inspection, type Verdict } from "./inspection";

/**
 * For any machine, with ostree's start in it, none is smaller, however it is packed. Gates in the wild say 10 MiB, and
 * refuse lean ones that boot; the base's own says better what this system needs.
 */
const leastBytes = 2 * 1024 * 1024;
const leastWithoutBase = 10 * 1024 * 1024;
const hostonly = /^(-H|--host-?only)$/;
const noHostonly = /^(-N|--no-host-?only)$/;
const remake = "look into the log of the build for dracut's own messages";

/** An image without a right initramfs is accepted by ostree, and panics on every machine. */
export const initramfsInspections: readonly Inspection[] = [
  {
    name: "initramfs",
    inspect: ({ initramfs: { kind, sizeBytes } }, base, { kernelRelease }) => {
      const least = floor(base);
      const expected = `/usr/lib/modules/${kernelRelease}/initramfs.img, a regular file of at least ${bytes(least)}${base.initramfs === undefined ? "" : " (half of the base's)"}`;
      const fix = `dracut ended without an error and without its work: ${remake}`;
      if (kind === "") return failed(expected, "none", fix);
      if (kind !== "regular file") return failed(expected, `a ${kind}`, fix);
      return sizeBytes >= least ? ok(bytes(sizeBytes)) : failed(expected, bytes(sizeBytes), fix);
    },
  },
  {
    name: "initramfs-new",
    inspect: ({ initramfs: { sha256 } }, base, { kernelRelease }) => {
      if (sha256 === "") return unchecked("there is no initramfs");
      if (sha256 !== base.initramfs?.sha256) return ok("not the base's");
      // dracut makes the same bytes of the same files.
      if (base.kernelReleases.includes(kernelRelease)) return ok("the base's, and of the same kernel");
      return failed(
        `an initramfs made for ${kernelRelease}`,
        `the base's own, byte by byte, of ${some(base.kernelReleases)}`,
        "let no step of run copy it",
      );
    },
  },
  {
    name: "initramfs-readable",
    inspect: listed(
      ({ arguments: words }) => ok(`dracut ${words || "did not record its arguments"}`),
      ({ exitCode, errors }) =>
        failed(
          "an initramfs that lsinitrd can list",
          `exit code ${exitCode}: ${errors || "nothing in it"}`,
          `it is damaged, or not dracut's: ${remake}`,
        ),
    ),
  },
  {
    name: "initramfs-no-hostonly",
    inspect: listed(({ arguments: words }) => {
      if (words === "") return unchecked("dracut did not record its arguments");
      // As dracut records them: options in their full form, values in quotes; the last one counts.
      const options = words.replace(/'[^']*'/g, "").split(/\s+/);
      const last = options.findLast((option) => hostonly.test(option) || noHostonly.test(option)) ?? "";
      return noHostonly.test(last)
        ? ok(last)
        : failed(
            "an initramfs for any machine: dracut's --no-hostonly, and no --hostonly after it",
            `dracut ${words}`,
            "let dracut.extraArguments not ask for the builder's drivers, and no step of run put a program in dracut's place",
          );
    }),
  },
  {
    name: "initramfs-kernel",
    inspect: listed(({ kernelReleases }, _base, { kernelRelease }) =>
      kernelReleases.length === 1 && kernelReleases[0] === kernelRelease
        ? ok(kernelRelease)
        : failed(
            `kernel modules of ${kernelRelease}, and of no other`,
            kernelReleases.length === 0 ? "no kernel modules" : some(kernelReleases),
            `made for another kernel it stops the boot: let dracut.extraArguments and the base's dracut.conf.d name no kernel; ${remake}`,
          ),
    ),
  },
  {
    name: "initramfs-ostree",
    inspect: listed(({ dracutModules, hasPrepareRoot }, base) => {
      const needed = /CoreOS/.test(base.osRelease.name)
        ? ["ostree", "ignition", "coreos-kernel"]
        : ["ostree"];
      const before = base.initramfs?.dracutModules ?? [];
      // What the base does without, its images do without: the next inspection compares with it.
      const wanted = needed.filter(
        (name) => name === "ostree" || before.length === 0 || before.includes(name),
      );
      const missing = wanted.filter((name) => !dracutModules.includes(name));
      const seen = missing.length > 0 ? `without ${missing.join(", ")}` : "without ostree-prepare-root";
      return missing.length === 0 && hasPrepareRoot
        ? ok(wanted.join(", "))
        : failed(
            `dracut modules ${wanted.join(", ")}, and the program ostree-prepare-root`,
            seen,
            "without them no machine finds its root: let nothing in dracut, run, packages.remove or the base's dracut.conf.d take them out",
          );
    }),
  },
  {
    name: "initramfs-modules",
    inspect: listed(({ dracutModules }, base, { omitModules }) => {
      const before = base.initramfs?.dracutModules ?? [];
      if (before.length === 0) return unchecked("the base's initramfs could not be listed");
      const gone = before.filter((name) => !dracutModules.includes(name));
      const lost = gone.filter((name) => !omitModules.includes(name));
      const leftOut = gone.length === 0 ? "" : `; left out as declared: ${some(gone)}`;
      return lost.length === 0
        ? ok(`${dracutModules.length}, the base has ${before.length}${leftOut}`)
        : failed(
            `all ${before.length} dracut modules of the base's initramfs`,
            `without ${some(lost)}`,
            "name them in dracut.addModules, give the packages that they need in packages.add, or, if they are to go, name them in dracut.omitModules",
          );
    }),
  },
];

/** Half of the base's: packed otherwise, and with fewer drivers, one is smaller, but never that much. */
function floor({ initramfs }: BaseFacts): number {
  return initramfs === undefined
    ? leastWithoutBase
    : Math.max(leastBytes, Math.floor(initramfs.sizeBytes / 2));
}

type Look = (listing: InitramfsListing, base: BaseFacts, wanted: Wanted) => Verdict;

/** What is in it can be said only of one that can be read; that it is damaged is said once. */
function listed(
  look: Look,
  damaged: Look = () => unchecked("it could not be listed"),
): Inspection["inspect"] {
  return ({ initramfs }, base, wanted) => {
    const { kind, sizeBytes, listing } = initramfs;
    if (kind === "" || sizeBytes === 0) return unchecked("there is no initramfs to look into");
    const missing = missingTool(initramfs);
    if (listing === undefined || missing !== undefined)
      return notSeen(missing ?? "lsinitrd did not run", base);
    return isReadable(listing) ? look(listing, base, wanted) : damaged(listing, base, wanted);
  };
}

/** The base's was listed by the base's own tools: this image had them, and what nobody can see may be anything. */
function notSeen(missing: string, { initramfs }: BaseFacts): Verdict {
  if (initramfs === undefined || initramfs.dracutModules.length === 0) return unchecked(missing);
  return failed(
    "an initramfs that can be listed in the image, as the base's can",
    missing,
    "the build took a tool away that the base has (lsinitrd, cpio, an unpacker): let packages.remove and run keep it",
  );
}

const missingUnpacker = /^Need |: command not found|: not found$|not found, cannot display/;

function missingTool({ hasLsinitrd, listing }: InitramfsLook): string | undefined {
  if (!hasLsinitrd) return "the image has no lsinitrd";
  const errors = listing === undefined || listing.errors === "" ? [] : listing.errors.split("; ");
  return errors.length > 0 && errors.every((error) => missingUnpacker.test(error))
    ? `lsinitrd: ${errors.join("; ")}`
    : undefined;
}

/** Of one that was cut off, the beginning is listed: its names alone prove nothing. */
function isReadable({ errors, exitCode, dracutModules, kernelReleases }: InitramfsListing): boolean {
  const hasContent = dracutModules.length > 0 || kernelReleases.length > 0;
  return hasContent && errors === "" && !wasCutOff(exitCode);
}
