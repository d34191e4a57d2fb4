import { FcosMachine } from "./fcos-machine";
import {
  newImage,
  referenceOf,
  type FcosQuirks,
  type PlayedDeployment,
  type PlayedImage,
} from "./fcos-parts";
import { ProviderProcess, type Props, type Result } from "./provider-process";
import { done, urnOf } from "./support";
import { machineUrn } from "./machine-urn";

// Most of a test is a machine that boots, on processors that others use, too.
jest.setTimeout(240_000);

export const drivers = ["rpm-ostree", "bootc"] as const;
export type DriverName = (typeof drivers)[number];

export const oldKernel = "6.1.0-1.fc44.x86_64";
export const newKernel = "6.12.0-1.fc44.x86_64";

/** The calls that pull, and those that make another deployment the next boot's. */
export const pulls = /^(rpm-ostree rebase|bootc switch)/;
export const orders = /^(rpm-ostree|bootc) rollback|^ostree admin set-default/;
/** Everything that changes a machine. */
const changes =
  /^(rpm-ostree (?!status|kargs$|--version)|bootc (?!status|--version)|ostree admin (?!status|config-diff)|systemctl (?:--\S+ )*(stop|start|mask|unmask|reboot|enable|disable))/;

interface Start extends FcosQuirks {
  driver?: DriverName;
  runs?: PlayedImage;
  deployment?: Partial<PlayedDeployment>;
}

interface Deployed {
  machine: FcosMachine;
  /** What it ran before the test. */
  old: PlayedImage;
  image: PlayedImage;
  news: Props;
}

export interface DeployedFcos extends Deployed {
  props: Props;
}

/** One provider process for a file of tests, and machines that are gone after each of them. */
export class FcosStage {
  private running: ProviderProcess | undefined;
  private readonly machines: FcosMachine[] = [];

  constructor() {
    beforeAll(async () => {
      this.running = await ProviderProcess.start({ resource: "FcosHost", standIns: {} });
    });
    afterEach(async () => {
      const violations = this.machines.flatMap((machine) => machine.violations);
      await Promise.all(this.machines.splice(0).map((machine) => machine.stop()));
      expect(violations).toEqual([]);
      expect(this.provider.alive).toBe(true);
      expect(this.provider.output.replaceAll("refused: \n", "")).toBe("");
    });
    afterAll(async () => {
      await this.running?.stop();
    });
  }

  get provider(): ProviderProcess {
    return this.running as ProviderProcess;
  }

  async machine({ driver, runs, deployment, ...quirks }: Start = {}): Promise<FcosMachine> {
    const without = driver === "bootc" ? (["rpm-ostree"] as const) : [];
    const machine = await FcosMachine.start({ without, ...quirks }, runs ?? newImage(oldKernel), deployment);
    this.machines.push(machine);
    return machine;
  }

  /** A machine with an older kernel, and an image that it shall run. */
  async declared(start: Start = {}, declared: Props = {}, image = newImage(newKernel)): Promise<Deployed> {
    const machine = await this.machine(start);
    machine.offer(image);
    return { machine, old: machine.bootedDeployment.image, image, news: inputsFor(machine, image, declared) };
  }

  /** The same after its first `up`, with the state that the engine would hold. */
  async deployed(start: Start = {}, declared: Props = {}): Promise<DeployedFcos> {
    const all = await this.declared(start, declared);
    const { props } = done(await this.provider.create(all.news));
    all.machine.steps.splice(0);
    return { ...all, props };
  }

  /** A refresh, of which it is proved that it changed nothing on the machine; and what its row was told of it. */
  async look({
    machine,
    news,
    props,
  }: DeployedFcos): Promise<{ props: Props; inputs: Props; said: string[] }> {
    await machine.settled();
    const [before, steps, said] = [machine.root.snapshot(), machine.steps.length, this.said(news).length];
    const { id, props: outs, inputs } = await this.provider.read("web", props);
    expect(id).toBe("web");
    expect(machine.root.snapshot()).toBe(before);
    expect(machine.steps.slice(steps).filter((step) => changes.test(step))).toEqual([]);
    return { props: outs, inputs, said: this.said(news).slice(said) };
  }

  /** What stands on the resource's row for good. */
  said(news: Props): string[] {
    return this.provider.engine.lasting(urnOf(news));
  }
}

/** What comes while `run` goes on; a run that ends before that is an answer, not a hang. */
export function during<Event>(run: Promise<Result>, event: Promise<Event>): Promise<Event> {
  const tooEarly = run.then((result) => {
    throw new Error(`it ended before that: ${JSON.stringify(result).slice(0, 4000)}`);
  });
  return Promise.race([event, tooEarly]);
}

/** As the constructor hands them on. */
export function inputsFor(machine: FcosMachine, image: PlayedImage, declared: Props = {}): Props {
  const { connection = {}, ...others } = declared;
  const kernelRelease = image.kernels[0]?.release;
  return {
    machine: "web",
    connection: {
      host: "127.0.0.1",
      port: machine.port,
      privateKey: machine.key.privateKey,
      hostKey: machine.hostKey.publicKey,
      deadlines: { connectSeconds: 15, bootSeconds: 60, phaseSeconds: 60 },
      ...(connection as Props),
    },
    image: referenceOf(image),
    ...twoSided(image.digest, kernelRelease),
    __urn: machineUrn("FcosHost", machine),
    ...others,
  };
}

/** What a machine that runs it shows, and nothing else. */
export function twoSided(digest: string, kernelRelease: string | undefined): Props {
  return {
    booted: { digest, ...(kernelRelease ? { kernelRelease } : {}), unlocked: "none", layering: [] },
    bootDefault: { digest, deployment: "booted" },
    activeUpdateDriver: "",
    changedEtc: [],
  };
}

export const short = { deadlines: { connectSeconds: 15, bootSeconds: 8, phaseSeconds: 60 } };
