import { z } from "zod";
import { absolutePath, judged } from "../host/schema-values";
import { referenceProblem, repositoryProblem, tagProblem } from "../core/image-reference";

/** The single values that only an image has. Every message goes on after the property's path. */
export const reference = judged(referenceProblem);
export const repository = judged(repositoryProblem);
export const tag = judged(tagProblem);

/** Encrypted, as cosign writes it; its name has changed over the years. */
export const cosignKey = z
  .string()
  .regex(
    /-----BEGIN (ENCRYPTED )?(SIGSTORE|COSIGN) PRIVATE KEY-----/,
    'must be a private key as "cosign generate-key-pair" makes it: give its path as privateKeyPath',
  );

export const packageName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/, "must be the name of a package, such as kernel-rt-core");

/** What rpm-ostree and dnf take to install: a name, with or without version, or what a package provides. */
export const packageWanted = z
  .string()
  .regex(
    /^[A-Za-z0-9_/][A-Za-z0-9_.+:~^()/-]*$/,
    'must be a package as its manager takes it, such as "tmux" or "tmux-3.5a-1.fc42"',
  );

export const dracutModule = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be the name of a dracut module, such as ostree");

export const kernelDriver = z
  .string()
  .regex(
    /^=?[A-Za-z0-9_][A-Za-z0-9_./-]*$/,
    'must be the name of a kernel module, such as "nvme", or a folder of them, such as "=drivers/net"',
  );

/** Options → why nobody else may set them. */
const dracutOptionsOfOurs: readonly [string, string][] = [
  [
    "-H --hostonly --host-only --hostonly-mode --hostonly-cmdline --hostonly-i18n --hostonly-nics",
    "the image would hold the builder's drivers, not the machines'",
  ],
  ["-N --no-hostonly --no-host-only --reproducible -f --force", "it is always given"],
  ["--no-reproducible", "the same inputs would give another image each time"],
  ["--kver -k --kmoddir", "the kernel is read from the RPMs"],
  ["-a --add --add-modules --force-add", "give the modules in dracut.addModules"],
  ["-o --omit", "give the modules in dracut.omitModules"],
  ["--add-drivers --force-drivers", "give the drivers in dracut.addDrivers"],
  ["-m --modules -d --drivers", "it would replace the list of the base image; add or omit instead"],
  [
    "-c --conf --confdir",
    "the base image's own would not be read; put a file into /etc/dracut.conf.d with files",
  ],
  [
    "--no-kernel --kernel-only --regenerate-all --rebuild --prefix --uefi --uefi-stub --uefi-splash-image --kernel-image",
    "what it makes is not what the boot loader loads",
  ],
  ["-r --sysroot --tmpdir -l --local", "the build's own folders are used"],
  [
    "-i --include",
    "it takes two words: put the file where it is to be with files, and name it in --install=",
  ],
  [
    "-h --help --version --list-modules --print-cmdline --printsize --noimageifnotneeded",
    "nothing would be made",
  ],
];

/** dracut takes the beginning of an option for the option. */
const isOrBegins = (option: string, ours: string): boolean =>
  option === ours || (/^--./.test(option) && ours.startsWith(option));

/** One option in one word: letters can be heaped, and a word that stands alone is the image's or the kernel's name. */
export const dracutArgument = judged((argument) => {
  if (argument === "") return "must not be empty";
  if (/[\r\n\0]/.test(argument)) return "must be a single line";
  const option = argument.replace(/=.*$/s, "");
  const [, reason] =
    dracutOptionsOfOurs.find(([ours]) => ours.split(" ").some((each) => isOrBegins(option, each))) ?? [];
  if (reason !== undefined) return `must not be ${option}: ${reason}`;
  return /^--[a-z0-9][a-z0-9-]*$/.test(option)
    ? undefined
    : 'must be an option in its long form, with its value in the same word, such as "--compress=xz"';
});

const ownLabels = /^(ostree\..*|containers\.bootc)$/;
export const labelName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/,
    'must be the name of a label, such as "org.example.team"',
  )
  .refine((name) => !ownLabels.test(name), "must not be set: it is written from what the image holds");

export const labelValue = z.string().regex(/^[^\r\n\0]*$/, "must be a single line");

/** A shell writes it on the build machine, and would leave out a zero byte without a word. */
export const fileContent = z
  .string()
  .refine(
    (content) => !content.includes("\0"),
    "must be text, without a zero byte: give such a file as source",
  );

export const runStep = judged((line) => {
  if (line.trim() === "") return "must not be empty";
  if (line.includes("\0")) return "must be text, without a zero byte";
  return /\bcliwrap\s+install-to-root\b/.test(line)
    ? "must not wrap the system's commands (cliwrap install-to-root): dracut would run itself for ever after it"
    : undefined;
});

/** The symlinks that lead to /var on an ostree system. */
const toVar = /^\/(opt|home|root|srv|mnt|media|usr\/local)(\/|$)/;
const mergedFolders = /^\/(bin|sbin|lib|lib64)\//;
const bootFiles = /^\/usr\/lib\/modules\/[^/]+\/(vmlinuz|initramfs\.img)$/;

/** ostree takes what stands in /usr and /etc from an image, and drops the rest without an error. */
export const imagePath = absolutePath.superRefine((path, context) => {
  const message = pathProblem(path);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

function pathProblem(path: string): string | undefined {
  if (path.startsWith("/boot/"))
    return "must not lie in /boot: ostree drops what an image has there, the machine has its own";
  if (path.startsWith("/var/") || toVar.test(path))
    return "must not lie in /var, or where it is linked to (/opt, /home, /root, /srv, /mnt, /usr/local): machines keep their own; put it below /usr, and let a file in /usr/lib/tmpfiles.d make it there";
  if (mergedFolders.test(path)) return `must be written as it lies: /usr${path}`;
  if (bootFiles.test(path)) return "must not be the kernel or its initramfs: these are made by the build";
  return /^\/(usr|etc)\//.test(path)
    ? undefined
    : "must lie below /usr or /etc: ostree takes nothing else from an image";
}
