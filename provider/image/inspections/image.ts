import { kernelLabel } from "../containerfile";
import { rpmArchitecture, wasCutOff } from "../image-look";
import type { LintRun, TopLevelEntry } from "../types";
import { failed, ok, some, unchecked, type Inspection } from "./inspection";

/** Of these ostree takes nothing, and nobody expects it. */
const nobodysFolders = ["run", "tmp", "proc", "sys", "dev"];
/** Content of these is taken. */
const takenFolders = ["usr", "etc", "var"];

/** The image as ostree and the host's tools take it. */
export const imageInspections: readonly Inspection[] = [
  {
    name: "boot-empty",
    inspect: ({ bootContent }) =>
      bootContent.length === 0
        ? ok("empty")
        : failed(
            "nothing in /boot",
            some(bootContent),
            "ostree drops it with a warning and makes /boot itself: put files elsewhere (kernel: /usr/lib/modules)",
          ),
  },
  {
    name: "dropped-content",
    inspect: ({ topLevel }, base) => {
      const dropped = topLevel.flatMap((entry) => whyDropped(entry, base.topLevel));
      return dropped.length === 0
        ? ok("nothing beside /usr, /etc and /var, nor where links lead into /var")
        : failed(
            "files of the image only below /usr and /etc, and in /var no more than the base has in opt, usrlocal, srv, home, roothome and mnt",
            some(dropped),
            "ostree drops it in silence, or no machine gets it that exists: put it below /usr (programs of /opt: /usr/lib, with a link in /usr/bin; homes: by a file in /usr/lib/tmpfiles.d)",
          );
    },
  },
  {
    name: "system-tools",
    inspect: ({ savedTools }) =>
      savedTools.length === 0
        ? ok("no wrappers left behind")
        : failed(
            "no *.rpmostreesave",
            some(savedTools),
            "a transaction of rpm-ostree was interrupted, and its wrapper of systemctl is in the initramfs, where it hangs: read the log of the build from there on",
          ),
  },
  {
    name: "bootable-label",
    inspect: ({ config: { labels } }) => {
      const found = ["ostree.bootable", "containers.bootc"].filter((name) => (labels[name] ?? "") !== "");
      return found.length > 0
        ? ok(found.map((name) => `${name}=${labels[name]}`).join(", "))
        : failed(
            "the label ostree.bootable or containers.bootc",
            "neither",
            "hosts refuse such an image: take a base that is an ostree or bootc image",
          );
    },
  },
  {
    name: "kernel-label",
    inspect: ({ config: { labels } }, _base, { kernelRelease }) =>
      labels[kernelLabel] === kernelRelease
        ? ok(kernelRelease)
        : failed(
            `the label ${kernelLabel}=${kernelRelease}`,
            labels[kernelLabel] ?? "none",
            `a stale one of the base makes tools speak of the wrong kernel: set no ${kernelLabel} in labels`,
          ),
  },
  {
    name: "architecture",
    inspect: ({ config, kernelPackage }, base, wanted) => {
      const expected = wanted.architecture === "" ? base.architecture : wanted.architecture;
      const image = rpmArchitecture(config.architecture);
      const kernel = /\.([^.]+)$/.exec(kernelPackage?.versionReleaseArch ?? "")?.[1] ?? image;
      return image === expected && kernel === expected
        ? ok(expected)
        : failed(
            expected,
            image === kernel ? image : `image ${image}, kernel ${kernel}`,
            "let platform, base and kernel.rpms be of one architecture",
          );
    },
  },
  {
    name: "bootc-lint",
    inspect: ({ lint }, base) => {
      if (lint === undefined) return unchecked("the image has no bootc");
      const said = complaintsOf(lint);
      if (lint.exitCode === 0) return ok(said.length === 0 ? "passed" : `passed; ${some(said, 3)}`);
      if (/unrecognized subcommand|unexpected argument|not.* in a container/i.test(lint.output)) {
        return unchecked(`this bootc cannot: ${lint.output.split("\n")[0] ?? ""}`);
      }
      if (wasCutOff(lint.exitCode))
        return unchecked(`it did not come to its end: exit code ${lint.exitCode}`);
      // What a base does not pass by itself no image on it can.
      const before = base.lint === undefined ? [] : complaintsOf(base.lint);
      const own = said.filter((line) => !before.includes(line));
      if (own.length === 0 && base.lint !== undefined && didNotPass(base.lint)) {
        return unchecked(`the base itself does not pass: ${some(said, 3)}`);
      }
      const seen = own.length > 0 ? some(own, 5) : `exit code ${lint.exitCode}`;
      return failed("bootc container lint to pass", seen, "correct what it names");
    },
  },
];

function didNotPass({ exitCode }: LintRun): boolean {
  return exitCode !== 0 && !wasCutOff(exitCode);
}

function complaintsOf({ output }: LintRun): string[] {
  return output.split("\n").filter((line) => /error|warning|failed/i.test(line) && !/^\w+: \d+$/.test(line));
}

function whyDropped({ name, kind, detail }: TopLevelEntry, base: readonly TopLevelEntry[]): string[] {
  const path = `/${name}`;
  const before = base.find((entry) => entry.name === name) ?? emptyInVar(name, kind);
  if (nobodysFolders.includes(name)) return [];
  if (before === undefined) return [`${path} is new`];
  if (before.kind !== kind) {
    const was = before.kind === "link" ? `a link to ${before.detail}` : `a ${before.kind}`;
    return [`${path} is a ${kind}, and was ${was}`];
  }
  if (takenFolders.includes(name)) return [];
  if (kind === "link") {
    return before.detail === detail ? [] : [`${path} leads to ${detail}, and led to ${before.detail}`];
  }
  return Number(detail) > Number(before.detail)
    ? [`${path} has ${detail} files and folders, and had ${before.detail}`]
    : [];
}

/** A step may make it: machines have it as well, and their own content in it. */
function emptyInVar(name: string, kind: TopLevelEntry["kind"]): TopLevelEntry | undefined {
  return name.startsWith("var/") && kind === "folder" ? { name, kind: "folder", detail: "0" } : undefined;
}
