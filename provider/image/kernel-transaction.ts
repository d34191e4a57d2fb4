import { HostError } from "../core/errors";
import { instruction, shellWord } from "./containerfile-text";
import type { ImageInputs } from "./schema";
import type { BaseFacts } from "./types";

/** Where the RPMs of the context are seen in the RUN that installs them; nothing of it stays in the image. */
const folder = "/run/rpms";
const mount = `--mount=type=bind,source=rpms,target=${folder}`;
/** Replace instead of install beside; and the running kernel is the builder's, no business of ours. */
const dnf = "dnf -y --setopt=installonlypkgs= --setopt=protect_running_kernel=False";
/** Packages that belong to one build of the kernel, and cannot be of another one than its image. */
const ofTheKernel = /^kernel(?:-.+)?$/;
const notOfTheKernel =
  /-(headers|devel|devel-matched|doc|tools|tools-libs|srpm-macros|rpm-macros|selftests-internal)$/;

/** All of the base's kernel goes and all of the new one comes in one step: half of a kernel is none. */
export function kernelTransaction(
  { kernel }: ImageInputs,
  base: BaseFacts,
  rpmFiles: readonly string[],
): string[] {
  const names = rpmFiles.map(packageName);
  const rpms = rpmFiles.map(path);
  const remove = kernel.remove ?? [];
  requireWholeKernel(base, names, remove);
  const replacesAny = base.kernelPackages.some(({ name }) => names.includes(name) && !remove.includes(name));
  const commands =
    base.packageManager === "rpm-ostree"
      ? withRpmOstree(rpms, remove.map(shellWord), replacesAny)
      : withDnf(rpms, remove.map(shellWord));
  return [
    // Hooks of the packages may run dracut by themselves; what they make is made again below.
    "# The kernel, all of it.",
    instruction(
      ["mkdir -p -m 1777 /var/tmp", "export DRACUT_NO_XATTR=1 TMPDIR=/var/tmp", ...commands],
      mount,
    ),
    "",
  ];
}

/**
 * In a container `--install` of an override takes names from repositories only, and never a file ("Packages not
 * found"); `rpm-ostree install` takes files. So a kernel of another name comes in by a command of its own.
 */
function withRpmOstree(rpms: readonly string[], remove: readonly string[], replacesAny: boolean): string[] {
  if (remove.length === 0) return [words("rpm-ostree override replace", rpms)];
  const removal = "rpm-ostree override remove";
  if (!replacesAny) return [words(removal, remove), words("rpm-ostree install", rpms)];
  return [
    words(
      removal,
      remove,
      rpms.map((rpm) => `--replace=${rpm}`),
    ),
  ];
}

function withDnf(rpms: readonly string[], remove: readonly string[]): string[] {
  // Only these: what they needed is most often what the new kernel needs.
  const removal = words(`${dnf} --setopt=clean_requirements_on_remove=False remove`, remove);
  return [...(remove.length > 0 ? [removal] : []), words(`${dnf} install`, rpms)];
}

function words(command: string, ...more: (readonly string[])[]): string {
  return [command, ...more.flat()].join(" ");
}

/** The package manager would refuse it too, after the download of its repositories, and without the remedy. */
function requireWholeKernel(base: BaseFacts, names: readonly string[], remove: readonly string[]): void {
  const settled = new Set([...names, ...remove]);
  const left = base.kernelPackages.filter(
    ({ name }) => ofTheKernel.test(name) && !notOfTheKernel.test(name) && !settled.has(name),
  );
  if (left.length === 0) return;
  const missing = left.map(({ name }) => name);
  throw new HostError("bad-input", {
    what: `kernel.rpms: ${missing.join(", ")} of the base would stay, and belongs to the kernel that goes`,
    expected: "each kernel package of the base either replaced or removed",
    seen: `in the base: ${base.kernelPackages.map(({ name, versionReleaseArch }) => `${name}-${versionReleaseArch}`).join(", ")}`,
    next: `give the new RPM of each in kernel.rpms, or name it in kernel.remove: [${missing.map((name) => `"${name}"`).join(", ")}]`,
  });
}

/** `kernel-modules-core-6.12.9-200.fc41.x86_64.rpm` → `kernel-modules-core` */
function packageName(file: string): string {
  return file.replace(/-[^-]+-[^-]+\.rpm$/, "");
}

function path(file: string): string {
  return shellWord(`${folder}/${file}`);
}
