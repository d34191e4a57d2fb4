import { Client, type Run, type RunEnding } from "./client";
import { kexecBundle } from "./kexec-bundle";
import { labKey } from "./keys";
import { labFlake } from "./mini-nixos";
import { defaultLog, sleep, waitFor } from "./shell";
import { startTarget, type Vm } from "./vm";

export type Fault = "client killed" | "network cut" | "power cut";

/** When a fault strikes: what the row shows by then, and what the host shows. */
export interface Moment {
  row: RegExp;
  /** A shell test that is repeated on the host until it holds. */
  host?: string | undefined;
}

export interface Cell {
  moment: string;
  fault: Fault;
  outcome: string;
  seconds: number;
}

/** The client notices a dead connection after 18 s of silence, a reboot by its address after less. */
const silenceSeconds = 24;
const jobs = "/run/pulumi-immutable-os/jobs";

export const moments = {
  "upload of the installer": { row: /uploading the installer: [1-4]\d\.\d MiB/ },
  "load of the installer's kernel": { row: /\] kexec/ },
  "jump into the installer": { row: /\] kexec, waiting for the new system/ },
  "before disko": { row: /\] disko/ },
  "disko's script": { row: /\] disko/, host: `grep -qs 'new=1' ${jobs}/disko/log` },
  "before the copy": { row: /\] install/ },
  "copy of the closure": { row: /\] (install.*|copy), copying the closure: .* [1-9]\d?\.\d MiB/ },
  "nixos-install": { row: /\] install/, host: `grep -qs 'boot loader' ${jobs}/install/log` },
  // Not the begin of the reboot: by then it may be ordered, and the machine on its way down.
  "end of the install": { row: /^install: profile/ },
  reboot: { row: /\] reboot, waiting for the new system/ },
  "boot entry": { row: /\] boot entry/, host: `[ -e ${jobs}/register/log ]` },
  switch: { row: /\] switch/, host: `[ -e ${jobs}/switch/log ]` },
} satisfies Record<string, Moment>;

export type MomentName = keyof typeof moments;

/** A machine, somebody who deploys to it, and the faults between the two. */
export class HalfWay {
  /** How long a phase may take. */
  phaseSeconds = 240;
  private readonly cells: Cell[] = [];
  private run: Run | undefined;
  private wasCutOff = false;
  /** The machine's own receipt has said that its disks are done: nothing may wipe them any more. */
  private formatted = false;
  private readonly saved = new Map<string, { state: Client["state"]; formatted: boolean }>();

  private constructor(
    readonly vm: Vm,
    readonly client: Client,
    private readonly flake: string,
  ) {}

  static async start(): Promise<HalfWay> {
    const [bundle, key, flake] = [await kexecBundle(), await labKey(), await labFlake()];
    const vm = await startTarget({ name: "half-way" });
    await vm.waitForSsh(180);
    const client = await Client.start({
      machine: "web",
      connection: {
        host: "127.0.0.1",
        port: vm.port,
        privateKeyPath: key.privateKeyPath,
        hostKey: await vm.hostKeys(),
      },
      install: {
        connection: { user: "admin" },
        kexec: { path: bundle.path, sha256: bundle.sha256 },
        disks: [{ device: "/dev/disk/by-id/virtio-LABDISK1", serial: "LABDISK1" }],
      },
    });
    return new HalfWay(vm, client, flake);
  }

  /**
   * Lets the run, or the next one with the same program, come to the moment, and then the fault strike. Whether the
   * machine got over the fault before is proved by this one's coming so far, or by `reaches` at the end of a chain.
   */
  async struck(moment: MomentName, fault: Fault, configuration: string): Promise<RunEnding | "survived"> {
    const start = Date.now();
    const run = await this.arrives(moment, configuration);
    await this[fault](run);
    const ending = run.isOver ? await this.settled(run) : "survived";
    const outcome = ending === "survived" ? "the run goes on" : summary(ending);
    const seconds = Math.round((Date.now() - start) / 1000);
    this.cells.push({ moment, fault, outcome, seconds });
    defaultLog(`${fault}, ${moment}: ${outcome} (${seconds} s)`);
    return ending;
  }

  /** The run, or the next one, comes to the moment, and nothing strikes. */
  async arrives(name: MomentName, configuration: string): Promise<Run> {
    const { row, host }: Moment = moments[name];
    for (;;) {
      const run = this.current(configuration);
      if ((await run.shows(row)) && (host === undefined || (await this.hostShows(host, run)))) {
        this.wasCutOff = false;
        return run;
      }
      await this.afterLateEnd(run, configuration);
    }
  }

  /** The run that goes on, or the next one, ends with the declared system, or finds it there; the machine says so, too. */
  async reaches(configuration: string): Promise<void> {
    let run = this.current(configuration);
    if ((await run.ended).end !== "done" && this.wasCutOff) run = await this.afterLateEnd(run, configuration);
    await run.ended;
    const ending = await this.settled(run);
    if (!/^(done|unchanged)$/.test(ending.end)) throw new Error(`no declared system:\n${await run.story()}`);
    const { stdout } = await this.vm.ssh("readlink -f /run/current-system; uname -r");
    const { booted, current, unfinished } = this.client.state as Record<string, Record<string, string>>;
    expect(stdout.split("\n")[0]).toMatch(new RegExp(`lab-25\\.05\\.${configuration}$`));
    expect(stdout).toBe(`${current?.["toplevel"]}\n${booted?.["kernelRelease"]}\n`);
    expect(unfinished).toBe("");
  }

  /** The next run ends in an error: its text. */
  async refused(configuration: string): Promise<string> {
    const run = this.current(configuration);
    await run.ended;
    const ending = await this.settled(run);
    if (!("message" in ending)) throw new Error(`no error:\n${await run.story()}`);
    return ending.message;
  }

  /** What somebody else hears who deploys to the machine while the run is under way. */
  async meanwhile(configuration: string): Promise<string> {
    await this.current(configuration).shows(/\] preflight/);
    const other = await Client.start(this.client.declared);
    try {
      const run = other.up(`${this.flake}#${configuration}`);
      const ending = await run.ended;
      if (!("message" in ending)) throw new Error(`no error:\n${await run.story()}`);
      return ending.message;
    } finally {
      other.stop();
    }
  }

  /** The machine, and what the engine would know of it. */
  async save(tag: string): Promise<void> {
    await this.vm.snapshot(tag);
    this.saved.set(tag, { state: this.client.state, formatted: this.formatted });
  }

  async load(tag: string): Promise<void> {
    await this.run?.kill();
    this.run = undefined;
    this.wasCutOff = false;
    await this.vm.restore(tag);
    const { state, formatted } = this.saved.get(tag) ?? { state: undefined, formatted: false };
    this.client.state = state;
    this.formatted = formatted;
  }

  /** Somebody boots an installer at the console; the engine knows what it knew. */
  async bootInstaller(): Promise<void> {
    await this.vm.restore("installer");
    await this.vm.ssh("rm -rf /run/pulumi-immutable-os");
    this.formatted = false;
  }

  table(): string {
    return this.cells
      .map(({ moment, fault, outcome, seconds }) => `${moment} | ${fault} | ${outcome} | ${seconds} s`)
      .join("\n");
  }

  async stop(): Promise<void> {
    await this.run?.kill();
    this.client.stop();
    await this.vm.stop();
  }

  /** False when the run ended before. After a cut the row may be of a run that has not noticed its end yet. */
  private async hostShows(test: string, run: Run): Promise<boolean> {
    const look = async (): Promise<boolean | undefined> => {
      const script = `timeout 20 sh -c "until ${test}; do sleep 0.1; done"`;
      const { code } = await this.vm.ssh(script, { timeoutSeconds: 40 });
      if (code === 0) return true;
      return run.isOver ? false : undefined;
    };
    return waitFor(`${test} on the host`, 300, look, 0.05).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await run.story()}`);
    });
  }

  /** The run that is under way, or the next one. */
  private current(configuration: string): Run {
    const deadlines = { bootSeconds: 400, phaseSeconds: this.phaseSeconds };
    this.run ??= this.client.up(`${this.flake}#${configuration}`, deadlines);
    return this.run;
  }

  /** Only once the network is back a connection may be found dead: that end belongs to the cut, and the next run counts. */
  private async afterLateEnd(run: Run, configuration: string): Promise<Run> {
    if (!this.wasCutOff) {
      const ending = await this.settled(run);
      throw new Error(`the run ended too early: ${summary(ending)}\n${await run.story()}`);
    }
    this.wasCutOff = false;
    const ending = await this.settled(run);
    const cell = this.cells.at(-1);
    if (cell) cell.outcome = summary(ending);
    return this.current(configuration);
  }

  private async "client killed"(run: Run): Promise<void> {
    await run.kill();
  }

  private async "network cut"(run: Run): Promise<void> {
    await this.vm.setNetwork(false);
    await Promise.race([run.ended, sleep(silenceSeconds)]);
    await this.vm.setNetwork(true);
    this.wasCutOff = !run.isOver;
  }

  private async "power cut"(run: Run): Promise<void> {
    await this.vm.powerCut();
    await this.vm.powerOn();
    await run.ended;
  }

  /** What every ended run must have left: an error that says what to do, and disks that were wiped at most once. */
  private async settled(run: Run): Promise<RunEnding> {
    const ending = await run.ended;
    this.run = undefined;
    if ("message" in ending) {
      expect(ending.message).toMatch(/\[[a-z-]+\]\n/);
      expect(ending.message).toMatch(/ next: /);
      expect(ending.message).not.toMatch(/this is a defect|\.ts:\d+/);
    }
    const wipes = run.lines().filter((line) => line.startsWith("wiping"));
    expect(wipes.length).toBeLessThanOrEqual(this.formatted ? 0 : 1);
    const receipts = "/run /mnt/var/lib /var/lib";
    const { stdout } = await this.vm.ssh(
      `for place in ${receipts}; do cat $place/pulumi-immutable-os/receipt.json; done 2>/dev/null`,
      { timeoutSeconds: 10 },
    );
    this.formatted ||= /"done":\[[^\]]*"disko"/.test(stdout);
    return ending;
  }
}

function summary(ending: RunEnding): string {
  if (!("message" in ending)) return ending.end;
  return /\[([a-z-]+)\]/.exec(ending.message)?.[1] ?? ending.message;
}
