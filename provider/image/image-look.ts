import { HostError } from "../core/errors";
import { section, text, type Sections } from "../host/probe";
import type { LintRun, TopLevelEntry } from "./types";

/** What is looked at in the base and in the finished image alike, by the same commands. */

/**
 * Frames a script that comes on stdin: it is read to its end before anything runs, so that no program in it can take
 * the rest of it for its own input.
 */
export function wholeScript(lines: readonly string[]): string {
  return ["{", "LC_ALL=C", "export LC_ALL", ...lines, "} < /dev/null", ""].join("\n");
}

/** A look that was cut off says nothing of the image; what is missing in it is not missing there. */
export function requireWhole(sections: Sections, last: string, what: string): void {
  if (sections.has(last)) return;
  throw new HostError("command-failed", {
    what: `the look into ${what} did not come to its end`,
    expected: `its last section, ${last}`,
    seen: [...sections.keys()].at(-1) ?? "nothing",
    next: "look whether programs of the image can run on the builder at all (its architecture, its isolation)",
  });
}

/** Of `/usr/lib/modules/$kver/initramfs.img`, and of nothing where `kver` is empty. */
export const initramfsScript = [
  'image=/usr/lib/modules/$kver/initramfs.img listing="" code=absent',
  // Never more than one listing, and never without an end: a damaged file must not hold up the build.
  'if [ -s "$image" ] && command -v lsinitrd > /dev/null 2>&1; then',
  '  listing=$(timeout --kill-after=10 180 lsinitrd "$image" 2>&1); code=$?',
  "fi",
  section("initramfs", `stat -c '%F|%s' "$image" && sha256sum < "$image" | cut -d' ' -f1`),
  section("lsinitrd", "command -v lsinitrd > /dev/null || echo none; echo $code"),
  // What unpackers say of a damaged file stands between the lines of the listing; names of files are none of it.
  section(
    "lsinitrd-errors",
    `printf '%s\\n' "$listing" | tr '\\r' '\\n' | sed 's/^Arguments: //' | grep -v '^[-dlcbps][-rwxsStT]\\{9\\}' | grep -iE 'premature end|unexpected end|read error|not recogni[sz]ed|not in .* format|corrupt|malformed|invalid magic|checksum|^Need |: command not found|: not found$|not found, cannot display' | sort -u | head -n 5`,
  ),
  section(
    "dracut-modules",
    `printf '%s\\n' "$listing" | sed -n '/^dracut modules:/,/^=====/p' | sed '1d;/^===/d'`,
  ),
  section("dracut-arguments", `printf '%s\\n' "$listing" | sed -n 's/^Arguments: *//p'`),
  section(
    "initramfs-kernels",
    `printf '%s\\n' "$listing" | sed -n 's#^.* \\([a-z]*-root/\\)\\{0,1\\}\\(usr/\\)\\{0,1\\}lib/modules/\\([^/ ]*\\)\\(/.*\\)\\{0,1\\}$#\\3#p' | sort -u`,
  ),
  section("prepare-root", `printf '%s\\n' "$listing" | grep -c 'ostree-prepare-root$'`),
];

export interface InitramfsLook {
  /** stat's word, `regular file`; empty: there is none. */
  kind: string;
  sizeBytes: number;
  sha256: string;
  /** Absent: nothing tried to list it. */
  listing: InitramfsListing | undefined;
  hasLsinitrd: boolean;
}

export interface InitramfsListing {
  exitCode: number;
  /** What an unpacker said of a damaged one, or nobody could say where there is no unpacker; parted by "; ". */
  errors: string;
  dracutModules: readonly string[];
  /** dracut's own record of how it was called. */
  arguments: string;
  /** Releases that it has a folder of kernel modules for. */
  kernelReleases: readonly string[];
  hasPrepareRoot: boolean;
}

const moduleName = /^\w[\w.+-]*$/;

export function parseInitramfs(sections: Sections): InitramfsLook {
  const [stat = "", sha256 = ""] = lines(text(sections, "initramfs"));
  const [kind = "", size = ""] = stat.split("|");
  const answers = lines(text(sections, "lsinitrd"));
  const exitCode = Number.parseInt(answers.at(-1) ?? "", 10);
  return {
    // GNU stat has a name of its own for an empty one.
    kind: kind.replace("regular empty file", "regular file"),
    sizeBytes: Number.parseInt(size || "0", 10),
    sha256,
    hasLsinitrd: answers.length > 0 && answers[0] !== "none",
    listing: Number.isNaN(exitCode)
      ? undefined
      : {
          exitCode,
          errors: lines(text(sections, "lsinitrd-errors")).join("; "),
          dracutModules: lines(text(sections, "dracut-modules")).filter((line) => moduleName.test(line)),
          arguments: lines(text(sections, "dracut-arguments")).find((line) => line.startsWith("-")) ?? "",
          kernelReleases: lines(text(sections, "initramfs-kernels")),
          hasPrepareRoot: Number.parseInt(text(sections, "prepare-root") || "0", 10) > 0,
        },
  };
}

/** timeout's own exit codes, and those of a signal: what was said until then is not all there was to say. */
export function wasCutOff(exitCode: number): boolean {
  return exitCode >= 124;
}

/** Behind the links of `/`: a machine that exists keeps its own. */
const inVar = ["opt", "usrlocal", "srv", "home", "roothome", "mnt"].map((name) => `/var/${name}`);

/**
 * Folders of the system itself are not counted: what is in them is taken, or nobody's content. Nor is what tools leave
 * of themselves: caches in the home of root, and ostree's own objects.
 */
export const topLevelScript = section(
  "top-level",
  [
    `for path in /* /.[!.]* ${inVar.join(" ")}`,
    "do name=${path#/}",
    "case $name in .dockerenv | .containerenv) continue ;; esac",
    `if [ -L "$path" ]; then printf 'link|%s|%s\\n' "$name" "$(readlink "$path")"`,
    `elif [ -d "$path" ]; then case $name in usr | etc | var | boot | run | tmp | proc | sys | dev) inside= ;; *) inside=$(find "$path" -xdev -mindepth 1 '(' -path /sysroot/ostree -o -path /var/roothome/.cache ')' -prune -o -print | head -n 100000 | wc -l) ;; esac`,
    `printf 'folder|%s|%s\\n' "$name" "$inside"`,
    `elif [ -e "$path" ]; then printf 'file|%s|\\n' "$name"`,
    "fi",
    "done",
  ].join("\n"),
);

export function parseTopLevel(sections: Sections): TopLevelEntry[] {
  return lines(text(sections, "top-level")).flatMap((line) => {
    const [kind, name = "", detail = ""] = line.split("|");
    return kind === "folder" || kind === "file" || kind === "link" ? [{ kind, name, detail }] : [];
  });
}

/** Without bootc: nothing. */
export const lintScript = section(
  "bootc-lint",
  "command -v bootc > /dev/null && { output=$(timeout --kill-after=10 300 bootc container lint 2>&1); echo $?; printf '%s\\n' \"$output\" | tail -n 40; }",
);

export function parseLint(sections: Sections): LintRun | undefined {
  const [exitCode, ...output] = lines(text(sections, "bootc-lint"));
  return exitCode === undefined
    ? undefined
    : { exitCode: Number.parseInt(exitCode, 10), output: output.join("\n") };
}

export function lines(content: string): string[] {
  return content.split("\n").filter((line) => line !== "");
}

/** RPM's word for the image specification's. */
export function rpmArchitecture(architecture: string): string {
  const words: Record<string, string> = { amd64: "x86_64", arm64: "aarch64" };
  return words[architecture] ?? architecture;
}

/** The same of a platform: `linux/amd64`. */
export function architectureOf(platform: string): string {
  return rpmArchitecture(platform.replace("linux/", ""));
}
