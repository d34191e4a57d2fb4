import { bundleFile, inputsFor, newSystem, type Declaration } from "./machine-inputs";
import { Machine } from "./machine-model";
import type { PlayedSystem, Quirks } from "./machine-parts";
import { ProviderProcess, type Props, type Result } from "./provider-process";

// Most of a test is a machine that boots.
jest.setTimeout(180_000);

/** One provider process for a file of tests, and machines that are gone after each of them. */
export class Stage {
  private running: ProviderProcess | undefined;
  private bundle: Awaited<ReturnType<typeof bundleFile>> | undefined;
  private readonly machines: Machine[] = [];
  private readonly ready: Installed[] = [];

  /** `installed` machines are made beforehand, all at once: most of an install is waiting. */
  constructor({ installed = 0 } = {}) {
    beforeAll(async () => {
      this.running = await ProviderProcess.start();
      this.bundle = await bundleFile();
      this.ready.push(...(await Promise.all(Array.from({ length: installed }, () => this.install()))));
      this.provider.engine.lines.splice(0);
    });
    afterEach(() => {
      expect(this.machines.flatMap((machine) => machine.violations)).toEqual([]);
      expect(this.provider.alive).toBe(true);
      // A refusal of `diff` cannot be returned, only thrown: the server prints this much of it.
      expect(this.provider.output.replaceAll("refused: \n", "")).toBe("");
    });
    afterAll(async () => {
      await Promise.all(this.machines.map((machine) => machine.stop()));
      await this.running?.stop();
      await this.bundle?.remove();
    });
  }

  get provider(): ProviderProcess {
    return this.running as ProviderProcess;
  }

  async machine(quirks: Quirks = {}): Promise<Machine> {
    const machine = await Machine.start(quirks);
    this.machines.push(machine);
    return machine;
  }

  inputs(machine: Machine, declaration: Declaration): Props {
    return inputsFor(machine, this.bundle?.path ?? "", declaration);
  }

  /** A machine that this provider installed, with the state that the engine would hold. */
  async installed(): Promise<Installed> {
    return this.ready.shift() ?? this.install();
  }

  private async install(): Promise<Installed> {
    const machine = await this.machine();
    const system = newSystem(machine, "c", "6.12.90");
    const news = this.inputs(machine, { system });
    const { props } = done(await this.provider.create(news));
    return {
      machine,
      system,
      news,
      props,
      before: { connections: machine.connections, steps: machine.steps.length },
    };
  }
}

export interface Installed {
  machine: Machine;
  system: PlayedSystem;
  news: Props;
  props: Props;
  /** What the install itself cost. */
  before: { connections: number; steps: number };
}

type End<Name extends Result["end"]> = Extract<Result, { end: Name }>;

export const done = (result: Result): End<"done"> => ended(result, "done");
export const failed = (result: Result): End<"failed"> => ended(result, "failed");
export const partial = (result: Result): End<"partial"> => ended(result, "partial");

function ended<Name extends Result["end"]>(result: Result, end: Name): End<Name> {
  if (result.end !== end)
    throw new Error(`expected ${end}, but: ${JSON.stringify(result, null, 1).slice(0, 6000)}`);
  return result as End<Name>;
}

/** `phase: what [code]`, then lines with expected, seen and next. */
export function parseError(message: string): { phase: string; code: string; parts: string[] } {
  const [, phase = "", code = ""] = /^(?:(\w[\w ]*): )?[^\n]*?\[([a-z-]+)\](?:\n|$)/s.exec(message) ?? [];
  const parts = ["expected", "seen", "next"].filter((part) =>
    new RegExp(`^  ${part}: +\\S`, "m").test(message),
  );
  return { phase, code, parts };
}

export const urnOf = (props: Props): string => String(props["__urn"]);

/** What is run on a machine and changes nothing. */
export const harmless =
  /^(probe|boot_id|kernel words|kexec_loaded|end of the start|renew lease|release lease|is the bundle there|is \w+ at work|wait for disks|settle disks|kernel on disks) in /;

/** All at once would be more than a small machine can start processes for. */
export async function inPool<Item, Answer>(
  items: readonly Item[],
  size: number,
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      answers[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: size }, lane));
  return answers;
}

/** A hang becomes an answer that names it. */
export function within<Answer>(seconds: number, what: string, work: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs for ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
