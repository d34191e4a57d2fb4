// A stand-in for an ostree machine: deployments, boot loader and front ends are played, behind a real ssh server and a real sh.
import { bootcRules } from "./fcos-bootc";
import { Deployments } from "./fcos-deployments";
import { ostreeRules } from "./fcos-ostree";
import {
  deploymentOf,
  newImage,
  referenceOf,
  type FcosQuirks,
  type PlayedDeployment,
  type PlayedImage,
} from "./fcos-parts";
import { Registry } from "./fcos-registry";
import type { PlayedFcos, Rule } from "./fcos-played";
import { FcosRoot } from "./fcos-root";
import { rpmOstreeRules } from "./fcos-rpm-ostree";
import { systemRules } from "./fcos-system";
import { startGuards } from "./fcos-started-units";
import { Units } from "./fcos-units";
import { endSessions, sessionsOf } from "./fcos-sessions";
import { WatchedCalls } from "./fcos-watched-calls";
import { FakeTools, type ToolCall, type ToolReply } from "./fcos-tools";
import { SshHost, makeKey, type TestKey } from "./ssh-host";

const downMs = 100;
const bootMs = 200;

const rules: readonly Rule[] = [...rpmOstreeRules, ...bootcRules, ...ostreeRules, ...systemRules];

export class FcosMachine extends WatchedCalls implements PlayedFcos {
  readonly root = new FcosRoot();
  readonly registry = new Registry();
  readonly units = new Units();
  readonly deployments: Deployments;
  readonly quirks: FcosQuirks = {};
  /** What must never happen: a test fails on any. */
  readonly violations: string[] = [];
  /** Images that were booted, in order, the first one before the test. */
  readonly boots: PlayedDeployment[] = [];
  /** Its own answer instead of the played one, as long as it stands here. */
  readonly answers = new Map<RegExp, (call: ToolCall) => ToolReply | undefined>();
  /** A transaction of rpm-ostree that runs now: method, caller, path. */
  transaction: [string, string, string] | null = null;
  /** A kernel that somebody started by hand; gone with the next boot. */
  kexecedInto: string | undefined;
  isGoingDown = false;
  key = makeKey();
  private readonly hostKey_ = makeKey();
  private host!: SshHost;
  private tools!: FakeTools;
  private clock: NodeJS.Timeout | undefined;
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(first: PlayedDeployment) {
    super();
    this.deployments = new Deployments(this.root, this.units, this.quirks, first);
  }

  /** It runs `image`, from a deployment that `changes` describe. */
  static async start(
    quirks: FcosQuirks = {},
    image: PlayedImage = newImage("6.1.0-1.fc44.x86_64"),
    changes: Partial<PlayedDeployment> = {},
  ): Promise<FcosMachine> {
    const machine = new FcosMachine(deploymentOf(image, changes));
    Object.assign(machine.quirks, quirks);
    machine.registry.images.set(referenceOf(image), image);
    machine.tools = await FakeTools.install(machine.root.folder, quirks.without ?? [], (call) =>
      machine.answer(call),
    );
    machine.host = await new SshHost([machine.hostKey_], {
      authorizedKey: machine.key.publicKey,
      localSh: {
        path: [machine.tools.bin],
        env: { HOME: "/root", PLAYED_MACHINE: machine.root.folder },
        cwd: machine.root.folder,
        rewrite: machine.root.lead,
        restore: machine.root.restore,
      },
    }).listen();
    machine.comeUp(machine.deployments.list[0] as PlayedDeployment);
    return machine;
  }

  get port(): number {
    return this.host.port;
  }

  get hostKey(): TestKey {
    return this.hostKey_;
  }

  get connections(): number {
    return this.host.counts.logins;
  }

  get bootedDeployment(): PlayedDeployment {
    return this.deployments.booted;
  }

  get kernel(): string {
    const { image } = this.bootedDeployment;
    return this.kexecedInto ?? image.runsKernel ?? image.kernels[0]?.release ?? "";
  }

  /** An image that can be pulled. */
  offer(image: PlayedImage): PlayedImage {
    this.registry.images.set(referenceOf(image), image);
    return image;
  }

  /** Resolves when it came up for the `count`th time. */
  async booted(count: number): Promise<void> {
    while (this.boots.length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** Resolves when nothing runs any more of what was started for longer than a command. */
  async quiet(): Promise<void> {
    while (sessionsOf(this.root.folder).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await this.settled();
  }

  /** As somebody who types it there. */
  byHand(command: string): ToolReply {
    const [tool = "", ...args] = command.split(" ");
    const reply = this.play({ tool, args, aborted: () => false });
    if (reply.exitCode) throw new Error(`${command}: ${reply.stderr}`);
    return reply;
  }

  /** The machine goes down now, by whoever's order, and comes up again. */
  reboot(): void {
    if (this.quirks.doesNotReboot) return;
    this.isGoingDown = true;
    this.later(downMs, () => {
      this.isGoingDown = false;
      this.goDown();
      this.deployments.shutDown();
      this.later(bootMs, () => this.start());
    });
  }

  /** Nobody can reach it, and it runs on. */
  cutOff(): void {
    this.host.faults.closeAtOnce = true;
    this.host.dropConnections();
  }

  answersAgain(): void {
    this.host.faults.closeAtOnce = false;
  }

  /** Resolves when no boot is under way. */
  async settled(): Promise<void> {
    while (this.timers.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    clearInterval(this.clock);
    endSessions(this.root.folder);
    await this.host.stop();
    await this.tools.stop();
    this.root.destroy();
  }

  get env(): NodeJS.ProcessEnv {
    return { PATH: `${this.tools.bin}:${process.env["PATH"]}`, HOME: "/root" };
  }

  private goDown(): void {
    this.cutOff();
    this.transaction = null;
    // Nothing that runs outlives the power.
    this.host.endCommands();
    endSessions(this.root.folder);
  }

  private start(): void {
    const deployment = this.deployments.bootable();
    if (deployment === undefined) return;
    this.comeUp(deployment);
    if (deployment.image.boots !== "no network") this.answersAgain();
  }

  private comeUp(deployment: PlayedDeployment): void {
    const start = performance.now();
    const tell = (): void => this.root.tellUptime((performance.now() - start) / 1000);
    clearInterval(this.clock);
    tell();
    this.clock = setInterval(tell, 250);
    this.boots.push(deployment);
    this.kexecedInto = undefined;
    // An overlay in memory.
    if (["development", "transient"].includes(deployment.unlocked)) deployment.unlocked = "none";
    this.deployments.cameUp(deployment);
    this.root.boot(deployment, this.deployments.list);
    this.units.boot(deployment.image.failedUnits ?? [], this.deployments.finalizeFailure);
    startGuards(this);
  }

  private later(ms: number, what: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      what();
    }, ms);
    this.timers.add(timer);
  }

  private async answer(call: ToolCall): Promise<ToolReply> {
    const asked = { ...call, args: call.args.map(this.root.restore) };
    const step = [asked.tool, ...asked.args].join(" ");
    await this.came(step);
    if (call.aborted()) return {};
    for (const [pattern, answer] of this.answers) {
      const reply = pattern.test(step) ? answer(asked) : undefined;
      if (reply !== undefined) return reply;
    }
    return this.play(asked);
  }

  private play(call: ToolCall): ToolReply {
    const step = [call.tool, ...call.args].join(" ");
    for (const [pattern, play] of rules) {
      const match = pattern.exec(step);
      if (match !== null) return play(this, call, match);
    }
    this.violations.push(`a command that this model does not know: ${step}`);
    return { exitCode: 64, stderr: `error: this model does not know: ${step}\n` };
  }
}
