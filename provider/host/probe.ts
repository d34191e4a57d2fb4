/** The probe's script prints sections; this reads them back. One probe is one command on one connection. */
const begin = "@@begin ";
const end = "@@end ";

export type Sections = ReadonlyMap<string, string>;

/** Wraps shell text so that all it prints becomes the section `name`; a failing command is an empty section. */
export function section(name: string, script: string): string {
  return `echo '${begin}${name}'; { ${script}; } 2>/dev/null; echo; echo '${end}${name}'`;
}

export function parseSections(output: string): Sections {
  const sections = new Map<string, string>();
  let name: string | undefined;
  let lines: string[] = [];
  for (const line of output.split("\n")) {
    if (line.startsWith(begin)) {
      name = line.slice(begin.length);
      lines = [];
    } else if (name !== undefined && line === end + name) {
      sections.set(name, lines.join("\n").trimEnd());
      name = undefined;
    } else {
      lines.push(line);
    }
  }
  return sections;
}

export function text(sections: Sections, name: string): string {
  return sections.get(name) ?? "";
}
