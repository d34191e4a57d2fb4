import { HostError } from "../core/errors";
import { quote } from "../core/quote";

/**
 * One text, three readers: the Containerfile's parser, the shell, the program. Text of the user must end where the
 * user's text ends, in each of them.
 */

/** Words that no parser of Containerfiles takes for its own: no line break, no backslash, no `[`, `<<` or option at the start. */
const plain = /^(?![[#-])(?!.*<<)[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]*[\x21-\x5b\x5d-\x7e])?$/;

/** One word of the shell; in quotes only where it needs them, for people read the file. */
export function shellWord(value: string): string {
  return /^[\w%+,./:=@^-][\w%+,./:=@^~-]*$/.test(value) ? value : quote(value);
}

/** A RUN of commands of which each must succeed. */
export function instruction(commands: readonly string[], options = ""): string {
  const head = `RUN ${options === "" ? "" : `${options} `}`;
  return commands.every((command) => plain.test(command))
    ? `${head}${commands.join(" && \\\n    ")}`
    : head + execForm(commands.join(" &&\n"));
}

/** A step of the user, as it is where that says the same as a RUN of its own. */
export function runStep(script: string, property: string): string {
  requireNoWrapping(script, property);
  return plain.test(script) ? `RUN ${script}` : `RUN ${execForm(script)}`;
}

/** With the exit on the first failure, as people expect it of several lines. */
function execForm(script: string): string {
  return JSON.stringify(["/bin/sh", "-e", "-c", script]).replaceAll('","', '", "');
}

/** A path in the JSON form of COPY: variables and quotes are looked for in it as well. */
export function jsonWord(value: string): string {
  return JSON.stringify(value.replace(/[\\$"']/g, "\\$&"));
}

export function label(name: string, value: string): string {
  for (const part of [name, value]) {
    if (/[\n\r\0]/.test(part)) {
      throw new HostError("bad-input", {
        what: `labels: ${JSON.stringify(name)} has a line break, which a Containerfile cannot hold`,
      });
    }
  }
  const word = (part: string): string => `"${part.replace(/[\\$"]/g, "\\$&")}"`;
  return `LABEL ${word(name)}=${word(value)}`;
}

/** The last resort behind the rules of the inputs. */
function requireNoWrapping(script: string, property: string): void {
  if (!/\bcliwrap\s+install-to-root\b/.test(script)) return;
  throw new HostError("bad-input", {
    what: `${property}: rpm-ostree cliwrap install-to-root puts a wrapper in the place of dracut`,
    expected: "no wrappers before the initramfs is made",
    seen: script,
    next: "leave the step out: the kernel is replaced without wrappers, and they make dracut call itself for ever",
  });
}
