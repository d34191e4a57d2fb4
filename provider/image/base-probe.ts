import { HostError } from "../core/errors";
import { parseSections, section, text } from "../host/probe";
import {
  initramfsScript,
  lines,
  lintScript,
  parseInitramfs,
  parseLint,
  parseTopLevel,
  requireWhole,
  rpmArchitecture,
  topLevelScript,
  wholeScript,
} from "./image-look";
import type { BaseFacts, ImageConfig } from "./types";

const wrappedDracut = "/usr/libexec/rpm-ostree/wrapped/dracut";
const plainDracut = "/usr/bin/dracut";
const wrapperMark = "Wrapper created by rpm-ostree";

/** One look into the base image. It runs inside of it, on stdin of its `sh`, and changes nothing. */
export const baseProbeScript = wholeScript([
  section("os-release", "cat /etc/os-release || cat /usr/lib/os-release"),
  section(
    "tools",
    "for tool in rpm-ostree dnf ostree bootc; do command -v $tool > /dev/null && echo $tool; done",
  ),
  section("ostree-container", "ostree container commit --help > /dev/null && echo yes"),
  // What is in /etc wins, as with kernel-install itself.
  section(
    "kernel-install-layout",
    "cat /etc/kernel/install.conf /usr/lib/kernel/install.conf | sed -n 's/^ *layout *= *//p' | head -n 1",
  ),
  section(
    "cliwrap",
    `head -c 400 ${plainDracut} | grep -q '${wrapperMark}' && echo wrapped; [ -x ${wrappedDracut} ] && ! head -c 400 ${wrappedDracut} | grep -q '${wrapperMark}' && echo real`,
  ),
  section("has-dracut", `[ -x ${plainDracut} ] && echo yes`),
  section("kernel-packages", "rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\\n' 'kernel*' | sort"),
  section(
    "kernel-releases",
    'for folder in /usr/lib/modules/*/; do [ -e "${folder}vmlinuz" ] && basename "$folder"; done',
  ),
  'kver=""',
  'for folder in /usr/lib/modules/*/; do [ -e "${folder}vmlinuz" ] && kver=$(basename "$folder"); done',
  ...initramfsScript,
  lintScript,
  topLevelScript,
]);

/** Throws for a base in which no kernel can be replaced: the build would find out an hour later, in other words. */
export function parseBaseFacts(output: string, config: ImageConfig): BaseFacts {
  const sections = parseSections(output);
  requireWhole(sections, "top-level", "the base");
  const osRelease = keyValues(text(sections, "os-release"));
  const tools = lines(text(sections, "tools"));
  const cliwrap = lines(text(sections, "cliwrap"));
  const initramfs = parseInitramfs(sections);
  const lint = parseLint(sections);
  const name = osRelease["PRETTY_NAME"] ?? osRelease["NAME"] ?? "";
  const dracut = text(sections, "has-dracut") === "yes";
  const packageManager = (["rpm-ostree", "dnf"] as const).find((tool) => tools.includes(tool));
  if (packageManager === undefined || !dracut) throw notUsable(name, packageManager, dracut);
  return {
    osRelease: { id: osRelease["ID"] ?? "", versionId: osRelease["VERSION_ID"] ?? "", name },
    architecture: rpmArchitecture(config.architecture),
    packageManager,
    hasOstreeContainer: text(sections, "ostree-container") === "yes",
    hasBootc: tools.includes("bootc"),
    kernelInstallLayout: text(sections, "kernel-install-layout"),
    isCliwrapped: cliwrap.includes("wrapped"),
    dracut: cliwrap.includes("real") ? wrappedDracut : plainDracut,
    kernelPackages: lines(text(sections, "kernel-packages")).map((line) => {
      const [name = "", versionReleaseArch = ""] = line.split(" ");
      return { name, versionReleaseArch };
    }),
    kernelReleases: lines(text(sections, "kernel-releases")),
    initramfs:
      initramfs.sizeBytes > 0
        ? {
            sha256: initramfs.sha256,
            sizeBytes: initramfs.sizeBytes,
            dracutModules: initramfs.listing?.dracutModules ?? [],
          }
        : undefined,
    labels: config.labels,
    topLevel: parseTopLevel(sections),
    ...(lint && { lint }),
  };
}

function notUsable(name: string, packageManager: string | undefined, hasDracut: boolean): HostError {
  const has = (what: string, there: boolean): string => `${there ? "has" : "no"} ${what}`;
  return new HostError("bad-input", {
    what: "base: in this image no kernel can be replaced",
    expected:
      "an image of an ostree system (Fedora CoreOS, SCOS, bootc), with rpm-ostree or dnf, and with dracut",
    seen: `${name || "no os-release"}: ${has("rpm-ostree or dnf", packageManager !== undefined)}, ${has("dracut", hasDracut)}`,
  });
}

function keyValues(content: string): Record<string, string> {
  return Object.fromEntries(
    [...content.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, key = "", value = ""]) => [
      key,
      value.replace(/^(["'])(.*)\1$/, "$2"),
    ]),
  );
}
