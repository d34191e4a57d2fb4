import { quote } from "../core/quote";
import { section, text, type Sections } from "../host/probe";

/** What the boot loader itself says it will boot next: the profile link does not decide that. */
export interface BootDefault {
  loader: "systemd-boot" | "grub" | "extlinux" | "";
  /** The toplevel whose `init=` the default entry carries. */
  toplevel: string;
  /** Sizes of the entry's kernel and initrd; undefined: their place could not be looked at. */
  kernelBytes: number | undefined;
  initrdBytes: number | undefined;
}

interface Entry {
  name: string;
  toplevel: string;
  kernel: string;
  initrd: string;
}

const espFolders = ["/boot", "/efi", "/boot/efi"];

/** Prints what is needed of the boot loader's own files below `root` ("" or "/mnt"). */
export function bootDefaultProbe(prefix: string, root: string): string {
  const esp = espFolders.map((folder) => quote(root + folder)).join(" ");
  const guid = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
  return [
    section(
      `${prefix}sd-boot`,
      `for b in ${esp}; do [ -d "$b/loader/entries" ] || continue
  grep '^default' "$b/loader/loader.conf"
  for f in "$b"/loader/entries/*.conf; do echo "entry \${f##*/}"; grep -E '^(linux|initrd|options) ' "$f"; done; break; done`,
    ),
    section(
      `${prefix}sd-boot-variable`,
      `tail -c +5 /sys/firmware/efi/efivars/LoaderEntryDefault-${guid} | tr -d '\\000'`,
    ),
    section(
      `${prefix}extlinux`,
      `grep -E '^ *(DEFAULT|LABEL|LINUX|INITRD|APPEND) ' ${root}/boot/extlinux/extlinux.conf`,
    ),
    section(
      `${prefix}grub`,
      `grep -E '^ *(set default=|menuentry |submenu |linux|initrd)' ${root}/boot/grub/grub.cfg`,
    ),
    section(`${prefix}grubenv`, `grep -E '^(saved_entry|next_entry)=' ${root}/boot/grub/grubenv`),
    section(
      `${prefix}boot-files`,
      `stat -c '%s %n' ${root}/boot/nixos/* ${root}/boot/kernels/* ${root}/boot/EFI/nixos/* ${root}/efi/EFI/nixos/* ${root}/boot/efi/EFI/nixos/*`,
    ),
  ].join("\n");
}

/**
 * Shell text, before a boot loader's builder runs. Builders copy kernel and initrd under names of the store, and take
 * a file of that name for whole; after a power cut it may be empty. A whole one may be longer: it can hold secrets.
 */
export function removeCutCopies(toplevel: string, root = ""): string {
  const efi = espFolders.map((folder) => `${root}${folder}/EFI/nixos/$name.efi`).join(" ");
  return `for file in kernel initrd; do
  source=$(readlink -f ${toplevel}/$file) && [ -s "$source" ] || continue
  name=$(echo "\${source#/nix/store/}" | tr / -)
  for copy in ${root}/boot/nixos/$name ${root}/boot/kernels/$name ${efi}; do
    [ ! -e "$copy" ] || [ "$(stat -c %s "$copy")" -ge "$(stat -c %s "$source")" ] || rm "$copy"
  done
done`;
}

export function parseBootDefault(sections: Sections, prefix: string): BootDefault {
  const sizes = parseSizes(text(sections, `${prefix}boot-files`));
  const found =
    named(
      "systemd-boot",
      systemdBootDefault(text(sections, `${prefix}sd-boot`), text(sections, `${prefix}sd-boot-variable`)),
    ) ??
    named("extlinux", extlinuxDefault(text(sections, `${prefix}extlinux`))) ??
    named("grub", grubDefault(text(sections, `${prefix}grub`), text(sections, `${prefix}grubenv`)));
  if (found === undefined)
    return { loader: "", toplevel: "", kernelBytes: undefined, initrdBytes: undefined };
  const size = (path: string): number | undefined =>
    /\/store\/[0-9a-z]{32}-/.test(path) ? undefined : (sizes.get(baseName(path)) ?? 0);
  return {
    loader: found.loader,
    toplevel: found.entry.toplevel,
    kernelBytes: size(found.entry.kernel),
    initrdBytes: size(found.entry.initrd),
  };
}

function named(
  loader: BootDefault["loader"],
  entry: Entry | undefined,
): { loader: BootDefault["loader"]; entry: Entry } | undefined {
  return entry && { loader, entry };
}

function systemdBootDefault(content: string, variable: string): Entry | undefined {
  const entries: Entry[] = [];
  for (const line of content.split("\n")) {
    const [key = "", ...rest] = line.split(/\s+/);
    const value = rest.join(" ");
    const entry = entries.at(-1);
    if (key === "entry") entries.push({ name: value, toplevel: "", kernel: "", initrd: "" });
    else if (key === "linux" && entry) entry.kernel = value;
    else if (key === "initrd" && entry) entry.initrd = value;
    else if (key === "options" && entry) entry.toplevel = toplevelOf(value);
  }
  const named = (pattern: string): Entry | undefined => {
    const matches = globToRegExp(pattern);
    return entries.filter((entry) => matches.test(entry.name)).at(-1);
  };
  // The EFI variable, set by `bootctl set-default`, wins over loader.conf unless it names no entry; both may be patterns.
  return (variable && named(variable)) || named(/^default\s+(\S+)/m.exec(content)?.[1] ?? "");
}

function globToRegExp(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}(\\.conf)?$`);
}

function extlinuxDefault(content: string): Entry | undefined {
  const wanted = /^ *DEFAULT +(\S+)/m.exec(content)?.[1];
  const block = content.split(/^ *LABEL +/m).find((part) => part.split(/\s/)[0] === wanted);
  if (wanted === undefined || block === undefined) return undefined;
  return {
    name: wanted,
    toplevel: toplevelOf(block),
    kernel: /^ *LINUX +(\S+)/m.exec(block)?.[1] ?? "",
    initrd: /^ *INITRD +(\S+)/m.exec(block)?.[1] ?? "",
  };
}

/** NixOS writes its default as the first entry; `saved_entry` and `next_entry` of grubenv may point elsewhere. */
function grubDefault(content: string, environment: string): Entry | undefined {
  const entries = [...content.matchAll(/^ *menuentry +["']([^"']*)["'](.*)$/gm)].map(
    (match, index, all): Entry & { id: string } => {
      const body = content.slice(match.index, all[index + 1]?.index);
      return {
        name: match[1] ?? "",
        id: /--id +["']?([\w-]+)/.exec(match[2] ?? "")?.[1] ?? "",
        toplevel: toplevelOf(body),
        kernel: /^ *linux\w* +(\S+)/m.exec(body)?.[1] ?? "",
        initrd: /^ *initrd\w* +(\S+)/m.exec(body)?.[1] ?? "",
      };
    },
  );
  const value = (name: string): string => new RegExp(`^${name}=(.+)$`, "m").exec(environment)?.[1] ?? "";
  const configured = /set default=(?!"?\$\{next_entry\})"?([^"\n]*)"?/.exec(content)?.[1] ?? "0";
  const chosen =
    value("next_entry") || (configured.includes("saved_entry") ? value("saved_entry") : configured) || "0";
  // A numbered place in a submenu cannot be told from these lines: better no answer than a wrong one.
  if (/^\d+>/.test(chosen)) return undefined;
  const last = chosen.split(">").at(-1) ?? "0";
  return (
    entries.find((entry) => entry.id === last || entry.name === last) ??
    entries[Number.parseInt(last, 10) || 0]
  );
}

function toplevelOf(options: string): string {
  return /\binit=(\/nix\/store\/[^/\s]+)\/init\b/.exec(options)?.[1] ?? "";
}

function parseSizes(content: string): Map<string, number> {
  return new Map(
    content.split("\n").map((line) => {
      const space = line.indexOf(" ");
      return [baseName(line.slice(space + 1)), Number.parseInt(line.slice(0, space), 10) || 0];
    }),
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
