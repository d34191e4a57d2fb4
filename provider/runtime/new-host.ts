import { within } from "../core/deadline";
import { asHostError } from "../core/errors";
import type { Progress } from "../core/progress";
import type { HostSession } from "../host/session";
import { parseInputs, type Inputs } from "./inputs";
import type { Kind } from "./kind";
import { inputProblems } from "./problems";
import { secretsOf, withoutSecrets } from "./secrets";

export interface PreviewLine {
  text: string;
  severity: "info" | "warn";
}

/** One look at a machine. */
export interface Look {
  session: HostSession;
  lines: () => Promise<PreviewLine[]>;
  /** What is missing in the preview where the machine cannot be looked at. */
  otherwise: string;
}

const deadlineSeconds = 20;

/** One read-only look at a machine that the state knows nothing of yet. */
export async function describeNew<Checked>(
  kind: Kind<Checked>,
  inputs: Inputs,
  open: (inputs: Checked) => Look,
): Promise<PreviewLine[]> {
  // `check` says what is wrong with them.
  if ((kind.told && inputs[kind.told.key]) || inputProblems(kind, inputs).length > 0) return [];
  const secrets = secretsOf(kind, inputs);
  const lines = await look(open(parseInputs(kind, inputs)));
  return lines.map((line) => ({ ...line, text: withoutSecrets(line.text, secrets) }));
}

async function look({ session, lines, otherwise }: Look): Promise<PreviewLine[]> {
  try {
    return await within(deadlineSeconds, "the look at the machine", lines());
  } catch (error) {
    return [warning(`the machine could not be looked at, ${otherwise}: ${asHostError(error).text()}`)];
  } finally {
    await session.end();
  }
}

export function info(text: string): PreviewLine {
  return { text, severity: "info" };
}

export function warning(text: string): PreviewLine {
  return { text, severity: "warn" };
}

/** A look has no row: what it sees is told at its end. */
export const silent: Progress = {
  begin() {},
  detail() {},
  lasting() {},
  warning() {},
  log() {},
  fullLog: () => "",
  clean: String,
};
