import { instruction, jsonWord, label, runStep, shellWord } from "./containerfile-text";
import { kernelTransaction } from "./kernel-transaction";
import { formatReference, parseReference } from "../core/image-reference";
import type { ImageInputs } from "./schema";
import type { BaseFacts } from "./types";

const defaultDracutTimeoutSeconds = 900;
/** The label by which ostree's tools know the kernel; it is inherited from the base, and stale, unless it is set again. */
export const kernelLabel = "ostree.linux";

/**
 * The whole recipe of an image. RPMs lie in the context under `rpms/`, named by name, version, release and
 * architecture; the program's files under `files/`, numbered in the order of their sorted paths in the image.
 */
export function containerfile(inputs: ImageInputs, base: BaseFacts, rpmFiles: readonly string[]): string {
  return [
    `# Written by pulumi-immutable-os: ${base.osRelease.name.replaceAll("\n", " ")} with kernel ${inputs.kernelRelease}.`,
    from(inputs),
    "",
    ...kernelTransaction(inputs, base, rpmFiles),
    ...packages(inputs, base),
    ...emptyBoot(),
    ...files(inputs),
    ...userSteps(inputs),
    ...moduleIndex(inputs, base),
    ...initramfs(inputs, base),
    ...cleanUp(base),
    ...labels(inputs),
    "",
  ].join("\n");
}

/** By digest: a tag would let the base move between the preview and the build. */
function from({ base, platform }: ImageInputs): string {
  const { registry, repository } = parseReference(base.reference) ?? {};
  const image =
    registry === undefined || repository === undefined
      ? `${base.reference.replace(/@.*$/, "")}@${base.digest}`
      : formatReference({ registry, repository, digest: base.digest });
  return `FROM ${platform === undefined ? "" : `--platform=${platform} `}${image}`;
}

function packages({ packages: wanted }: ImageInputs, { packageManager }: BaseFacts): string[] {
  const add = (wanted?.add ?? []).map(shellWord);
  const remove = (wanted?.remove ?? []).map(shellWord);
  if (add.length + remove.length === 0) return [];
  return [
    "# Packages, from the repositories that the base has.",
    packageManager === "rpm-ostree" ? rpmOstreePackages(add, remove) : dnfPackages(add, remove),
    "",
  ];
}

function rpmOstreePackages(add: readonly string[], remove: readonly string[]): string {
  if (remove.length === 0) return instruction([`rpm-ostree install ${add.join(" ")}`]);
  const installs = add.map((name) => `--install=${name}`);
  return instruction([["rpm-ostree override remove", ...remove, ...installs].join(" ")]);
}

function dnfPackages(add: readonly string[], remove: readonly string[]): string {
  return instruction([
    ...(remove.length > 0 ? [`dnf -y remove ${remove.join(" ")}`] : []),
    ...(add.length > 0 ? [`dnf -y install ${add.join(" ")}`] : []),
  ]);
}

/** Of /boot ostree takes nothing. What comes there after this comes by the program, and the inspection refuses it. */
function emptyBoot(): string[] {
  return [
    "# What packages of kernels put where ostree looks for nothing.",
    instruction([emptied("/boot")]),
    "",
  ];
}

function files({ files: wanted = {} }: ImageInputs): string[] {
  const paths = Object.keys(wanted).sort();
  if (paths.length === 0) return [];
  return [
    "# Files of the program; COPY would put one into a folder of its name, under the name that it has in the context.",
    instruction(paths.map(notAFolder)),
    ...paths.map((path, index) => {
      const mode = wanted[path]?.mode ?? "0644";
      return `COPY --chmod=${mode} [${jsonWord(`files/${index}`)}, ${jsonWord(path)}]`;
    }),
    "",
  ];
}

function notAFolder(path: string): string {
  const says = shellWord(`files: ${path} is a folder in the image, and not to be a file`);
  return `if [ -d ${shellWord(path)} ]; then echo ${says} >&2; exit 1; fi`;
}

function userSteps({ run = [] }: ImageInputs): string[] {
  if (run.length === 0) return [];
  return [
    "# Steps of the program; before the initramfs is made, so that what they change is in it.",
    ...run.map((script, index) => runStep(script, `run[${index}]`)),
    "",
  ];
}

/**
 * Before dracut, which finds modules through the index, and after everything that may bring modules. An initramfs that
 * a hook of a package made goes, so that the one in the image is dracut's, or none.
 */
function moduleIndex({ kernelRelease }: ImageInputs, { kernelReleases }: BaseFacts): string[] {
  const hmac = inModules(kernelRelease, ".vmlinuz.hmac");
  // The base's initramfs belongs to no package, and would stay behind as a folder without a kernel.
  const leftovers = kernelReleases
    .filter((release) => release !== kernelRelease)
    .map((release) => `{ [ -e ${inModules(release, "vmlinuz")} ] || rm -rf ${inModules(release)}; }`);
  return [
    "# What the replaced kernel and hooks of packages left behind goes; the index of the modules; the checksum for FIPS mode names no folder.",
    instruction([
      "mkdir -p -m 1777 /var/tmp",
      ...leftovers,
      `rm -f ${inModules(kernelRelease, "initramfs.img")}`,
      `depmod -a ${shellWord(kernelRelease)}`,
      `if [ -e ${hmac} ]; then sed -i 's#  /.*/#  #' ${hmac}; fi`,
    ]),
    "",
  ];
}

/** Alone in its RUN, and with an end: in one RUN with a wrapped dracut it calls itself for ever. */
function initramfs({ dracut = {}, kernelRelease }: ImageInputs, base: BaseFacts): string[] {
  const image = inModules(kernelRelease, "initramfs.img");
  const words = (option: string, values: readonly string[] = []): string[] =>
    values.length === 0 ? [] : [option, shellWord(values.join(" "))];
  const command = [
    `timeout --kill-after=30 ${dracut.timeoutSeconds ?? defaultDracutTimeoutSeconds}`,
    // Labels are the host's business; and what is made in one file system is moved within it.
    "env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp",
    base.dracut,
    `--no-hostonly --kver ${shellWord(kernelRelease)} --reproducible -v --add ostree`,
    ...words("--add", dracut.addModules),
    ...words("--omit", dracut.omitModules),
    ...words("--add-drivers", dracut.addDrivers),
    ...(dracut.extraArguments ?? []).map(shellWord),
    `-f ${image}`,
  ];
  return [
    "# For any machine, of this kernel, with ostree's own start; never for the builder.",
    // Where dracut made none, the inspection says so.
    instruction([command.join(" "), `if [ -e ${image} ]; then chmod 0600 ${image}; fi`]),
    "",
  ];
}

/** Caches and temporary files would be on every machine's first boot. */
function cleanUp({ packageManager, hasOstreeContainer }: BaseFacts): string[] {
  return [
    "# What no machine should get.",
    instruction([
      packageManager === "rpm-ostree" ? "rpm-ostree cleanup -m" : "dnf clean all",
      hasOstreeContainer
        ? "ostree container commit"
        : `${emptied("/var/cache /var/tmp /tmp")} && rm -rf /run/dnf`,
    ]),
    "",
  ];
}

function labels({ labels: own = {}, kernelRelease }: ImageInputs): string[] {
  return Object.entries({ ...own, [kernelLabel]: kernelRelease })
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => label(name, value));
}

function emptied(folders: string): string {
  return `find ${folders} -mindepth 1 -delete`;
}

function inModules(release: string, name = ""): string {
  return shellWord(`/usr/lib/modules/${release}${name === "" ? "" : `/${name}`}`);
}
