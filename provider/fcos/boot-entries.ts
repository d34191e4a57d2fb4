import type { BootEntry } from "./types";

/** `@ <deployment's id> <file>` and the entry's lines. An entry names its deployment by a link, `ostree=/ostree/boot.…`. */
export const bootEntriesScript = `for f in /boot/loader/entries/*.conf; do
  [ -e "$f" ] || continue
  p=$(sed -n 's/^options \\(.* \\)\\{0,1\\}ostree=\\([^ ]*\\).*/\\2/p' "$f")
  [ -n "$p" ] || continue
  d=$(readlink -f "/sysroot$p")
  echo "@ \${d##*/} $f"
  cat "$f"
  echo
done`;

/** A deployment's id → its entry. */
export function parseBootEntries(text: string): ReadonlyMap<string, BootEntry> {
  const found = new Map<string, BootEntry>();
  for (const block of text.split(/^@ /m).slice(1)) {
    const [, id = "", file = ""] = /^(\S+) (.*)/.exec(block) ?? [];
    found.set(id, {
      file,
      title: valuesOf(block, "title"),
      linux: valuesOf(block, "linux"),
      initrd: valuesOf(block, "initrd"),
      options: valuesOf(block, "options"),
    });
  }
  return found;
}

/** A key may stand there more than once: initrd often does. */
function valuesOf(block: string, key: string): string {
  return [...block.matchAll(new RegExp(`^${key}[ \\t]+(.*)$`, "gm"))]
    .map(([, value = ""]) => value.trim())
    .join(" ");
}

/** Why this entry cannot boot; nothing when it can. */
export function entryProblem(entry: BootEntry | undefined): string | undefined {
  if (entry === undefined) return "no boot entry";
  if (entry.linux === "") return `${entry.file} has no linux line`;
  // The kernel would not find its root and stop: VFS: Cannot open root device.
  if (entry.initrd === "") return `${entry.file} has no initrd line`;
  return undefined;
}
