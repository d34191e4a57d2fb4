/** Warnings that a build of such an image always gives, and why nobody needs to look at them. */
export const harmlessWarnings: readonly { pattern: RegExp; reason: string }[] = [
  {
    pattern: /warning: .*: Header V\d.*(Signature|digest).*NOKEY/i,
    reason: "the RPM is known by its sha256; no key of its packager is needed",
  },
  {
    pattern: /Failed to connect to (the )?(system )?bus/i,
    reason: "packages' scripts look for a running system; in a build there is none",
  },
  {
    pattern: /dracut.*: No '\/dev\/log' or 'logger' included for syslog logging/i,
    reason: "messages of the initramfs go to the journal",
  },
  {
    pattern:
      /dracut.*: .*module '[^']*' (will not be installed, because command|cannot be found or installed|depends on)/i,
    reason: "the base does without it as well; a module that is lost against the base fails an inspection",
  },
  {
    pattern: /dracut.*: \w+: Could not find any command of|dracut.*: Could not find 'strip'/i,
    reason: "the base does without it as well",
  },
  {
    // With /var empty, as in every image, root's home is a link that leads nowhere.
    pattern: /dracut-install: ERROR: installing '\/root'|dracut.*: FAILED: \S*dracut-install -D \S+ \/root$/,
    reason: "root's home stands in /var, which an image does not fill; the initramfs makes its own",
  },
  {
    pattern: /dracut.*: (memstrack is not available|If you need to use rd\.memdebug)/i,
    reason: "a tool for debugging the memory of the boot",
  },
  {
    pattern: /Possible missing firmware|possibly missing firmware/i,
    reason: "made for any machine, it has drivers of devices that nobody's firmware is installed for",
  },
  {
    pattern:
      /(depmod|dracut.*): WARNING: could not open (modules\.(builtin|order)|.*modules\.builtin\.modinfo)/i,
    reason: "a kernel whose packager leaves out lists that booting does not need",
  },
  {
    pattern: /could not (set|get) (extended attributes?|xattr)|security\.selinux/i,
    reason: "labels are given on the host",
  },
  {
    pattern: /kernel-install wrapper|Invalid cross-device link/i,
    reason:
      "a hook of the kernel's package could not make the initramfs; it is made by a step of its own, and inspected",
  },
  {
    pattern: /librhsm-WARNING.*(Found 0 entitlement certificates|consumer)/i,
    reason: "a base of RHEL on a builder without a subscription",
  },
  {
    pattern: /build args were not consumed: \[TARGET/,
    reason: "with a platform the builder offers its name to the Containerfile, which does not need it",
  },
  {
    pattern: /WARNING: rpm-ostree cliwrap|cliwrap is deprecated/i,
    reason: "the base's own wrappers",
  },
];

const looksLikeWarning =
  /\bwarn(ing)?\b|\berror\b|\bfail(ed|ure)?\b|NOKEY|\bcannot\b|could not|no such file/i;
/** Lines that name steps, packages and files, of which some have such a word in their name. */
const onlyAName =
  /^(step \d|dracut: [-dlcbps][-rwxst]{9} |installing|upgraded|downgraded|added|removed|copying blob|\s*[\w.+-]+-\d\S*(\.\w+)?$|.*\/[\w.-]*(error|fail|warn)[\w.-]*$)/i;

export interface BuildWarnings {
  harmless: number;
  /** Each once, in the order of the log. */
  others: string[];
}

export function warningsOf(log: string): BuildWarnings {
  const all = log
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => looksLikeWarning.test(line) && !onlyAName.test(line));
  const isHarmless = (line: string): boolean => harmlessWarnings.some(({ pattern }) => pattern.test(line));
  return {
    harmless: all.filter(isHarmless).length,
    others: [...new Set(all.filter((line) => !isHarmless(line)))],
  };
}

const isDracutStep = /RUN timeout --kill-after=\d+ \d+ env .*dracut /;

export interface KnownFailure {
  what: string;
  next: string;
}

/** Why builds of such images fail, by what their logs say then. The first one that fits is said. */
const knownFailures: readonly (KnownFailure & { pattern: RegExp })[] = [
  {
    // rpm-ostree's wrapper of a wrapper says so, and starts itself again.
    pattern: /Continuing execution in \d+ seconds/,
    what: "dracut is a wrapper of rpm-ostree that calls itself",
    next: "let nothing in base or run call rpm-ostree cliwrap install-to-root: take a base without wrappers",
  },
  {
    pattern: /assertion failed \(packages->len == 0\)/,
    what: "rpm-ostree cannot replace a package by the very version that is installed",
    next: "the base has one of these RPMs already: leave it out of kernel.rpms, or take another base",
  },
  {
    pattern: /exec format error|exec container process.*Exec format/i,
    what: "the builder cannot run programs of the image's architecture",
    next: "build on a machine of that architecture (builder.connection), or install qemu-user-static with binfmt there",
  },
  {
    pattern: /No space left on device|min-free-space-percent/,
    what: "the builder has no space left",
    next: "make room where the tool keeps its containers (podman system prune, buildah prune), or build elsewhere",
  },
  {
    pattern:
      /Could not depsolve transaction|nothing provides|conflicting requests|problem with installed package/i,
    what: "the packages do not fit together",
    next: "give all packages of one kernel in kernel.rpms, and name what the base has beside them in kernel.remove",
  },
  {
    pattern: /Packages not found:|No match for argument|Unable to find a match/,
    what: "the base's repositories do not have a package",
    next: "correct packages.add; or give its RPM's repository in files (/etc/yum.repos.d/…)",
  },
  {
    pattern: /Could not resolve host|Cannot download|Curl error|Temporary failure in name resolution/i,
    what: "the build could not reach a package repository",
    next: "look whether the builder reaches the repositories that the base names, then run pulumi up again",
  },
];

/** `exitCode` is that of the step that failed, where the tool passes it on. */
export function knownFailure(log: string, exitCode?: number): KnownFailure | undefined {
  const known = knownFailures.find(({ pattern }) => pattern.test(log));
  if (known !== undefined) return { what: known.what, next: known.next };
  const status = /exit(?:ed with)? status (\d+)\b/.exec(log)?.[1];
  return endOfDracut(log, status === undefined ? exitCode : Number(status));
}

/** By timeout(1): 124, or 137 where only a kill helped. Steps of the program may use it as well. */
function endOfDracut(log: string, status: number | undefined): KnownFailure | undefined {
  const step = log.match(/^STEP .*$/gm)?.at(-1);
  if ((status !== 124 && status !== 137) || (step !== undefined && !isDracutStep.test(step)))
    return undefined;
  return {
    what:
      status === 124
        ? "dracut did not end within its time"
        : "dracut was killed, at the end of its time or for want of memory",
    next: "read the log for what it waited for; a slow builder needs more: dracut.timeoutSeconds",
  };
}
