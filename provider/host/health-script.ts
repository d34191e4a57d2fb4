import { quote } from "../core/quote";
import type { HealthCheck } from "./health-check";
import { parseSections, section, text } from "./probe";

/** What one try of a check left behind. */
export interface Try {
  /** Undefined: it left none. */
  exitCode: number | undefined;
  /** Its last lines. */
  output: string;
}

const mostLines = 40;
const mostBytes = 20_000;
const killSeconds = 2;

/**
 * One try of every check, all at the same time, each under its own deadline. What is run lies in files that root alone
 * can read: nothing of it is ever seen in a process list.
 */
export function healthScript(checks: readonly HealthCheck[]): string {
  const starts = checks.map(
    (check, index) =>
      `printf '%s\\n' ${quote(bodyOf(check))} >$dir/${index} && try ${index} ${check.deadlineSeconds} &`,
  );
  const answers = checks.map((_, index) =>
    [
      section(`exit-${index}`, `cat $dir/${index}.exit`),
      section(`output-${index}`, `tail -n ${mostLines} $dir/${index}.output | tail -c ${mostBytes}`),
    ].join("\n"),
  );
  return `dir=/run/pulumi-immutable-os/health.$$
rm -rf /run/pulumi-immutable-os/health.*
mkdir -p /run/pulumi-immutable-os && mkdir -m 700 $dir || exit
trap 'rm -rf $dir' EXIT
trap 'exit 1' HUP INT TERM
try() {
  timeout -k ${killSeconds} $2 sh $dir/$1 >$dir/$1.output 2>&1
  echo $? >$dir/$1.exit
}
${starts.join("\n")}
wait
${answers.join("\n")}`;
}

/** The seconds within which the script ends by itself. */
export function scriptSeconds(checks: readonly HealthCheck[]): number {
  return Math.max(0, ...checks.map((check) => check.deadlineSeconds)) + killSeconds;
}

/** The tries in the order of the checks. */
export function parseTries(output: string, count: number): Try[] {
  const sections = parseSections(output);
  return Array.from({ length: count }, (_, index) => {
    const exit = text(sections, `exit-${index}`);
    const said = text(sections, `output-${index}`);
    // Of a line that was cut at its beginning half of a secret could be left. Blank lines at the end do not count here.
    const isWhole = Buffer.byteLength(said) < mostBytes - mostLines;
    return {
      exitCode: exit === "" ? undefined : Number.parseInt(exit, 10),
      output: isWhole ? said : said.split("\n").slice(1).join("\n"),
    };
  });
}

function bodyOf(check: HealthCheck): string {
  switch (check.kind) {
    case "command":
      return check.command;
    case "unit":
      return unitBody(quote(check.unit));
    case "tcp":
      return `exec bash -c 'exec 3<>"/dev/tcp/$0/$1"' ${quote(check.host.replace(/^\[(.*)\]$/, "$1"))} ${check.port}`;
    case "http":
      return `printf '%s\\n' ${quote(`url = ${inCurlConfig(check.url)}`)} |
curl -q --silent --show-error --globoff --output /dev/null --write-out 'HTTP %{http_code}\\n' --config -`;
  }
}

function unitBody(unit: string): string {
  return `systemctl is-active --quiet ${unit} && exit
systemctl show --property=LoadState,ActiveState,SubState,Result ${unit}
echo
journalctl --boot --unit=${unit} --lines=10 --no-pager --output=cat
exit 3`;
}

function inCurlConfig(value: string): string {
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
