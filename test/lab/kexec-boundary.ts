import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BundleVariants, type Bundle, type BundleVariant } from "./bundle-variants";
import { cacheRoot } from "./cache";
import { kexecBundle } from "./kexec-bundle";
import { labKey } from "./keys";
import { labFlake } from "./mini-nixos";
import { PulumiStack } from "./pulumi-stack";
import { defaultLog, sleep, waitFor } from "./shell";
import { startTarget, type Vm } from "./vm";

/** The fault has happened: the script on the machine that makes one leaves this file behind. */
const faultFile = "/run/fault";

/** For scripts on the machine: where the bundle lies there. */
export const kexecFolder = "/root/.pulumi-immutable-os/kexec";
/** For scripts on the machine: waits for kexec's delay of 6 s, which `run` shows by its sleep. */
export const inTheDelay = "while ! grep -aqs 'sleep [6]' /proc/[0-9]*/cmdline; do sleep 0.1; done";
/** For scripts on the machine: \`kexec -e\` takes the network down and is then refused the jump. */
export const kexecRefused = `sed -i 's|^exec |exec setpriv --bounding-set -sys_boot |' ${kexecFolder}/kexec`;

export interface Up {
  code: number;
  output: string;
  /** Seconds from the fault to the error on the screen, where there was a fault with a moment of its own. */
  secondsToError: number;
}

export interface Declared {
  bundles: (BundleVariant | "installer")[];
  /** Whom the old system knows. Default: admin, whom sudo asks for nothing. */
  login?: Record<string, unknown>;
  phases?: string[];
  bootSeconds?: number;
  hostKey?: string;
}

/**
 * A Debian machine before its kexec, and a Pulumi stack that declares it. The disk that would be wiped is not the one
 * that Debian runs from, so that not a byte of it may change for any other reason.
 */
export class KexecBoundary {
  private constructor(
    readonly vm: Vm,
    readonly stack: PulumiStack,
    private readonly variants: BundleVariants,
    private readonly untouched: string,
  ) {}

  static async start(): Promise<KexecBoundary> {
    const stack = await PulumiStack.create("one-host", {}, "test/lab/programs");
    await cp(join(stack.folder, "state"), join(stack.folder, "state.empty"), { recursive: true });
    const vm = await startTarget({ serial: "ROOT", dataDiskSerial: "LABDISK1" });
    await vm.waitForSsh(180);
    await vm.snapshot("debian");
    return new KexecBoundary(vm, stack, await BundleVariants.create(), await vm.diskSha256("data"));
  }

  /** Debian as it was, and nothing in the state. */
  async reset(): Promise<void> {
    const { folder } = this.stack;
    await rm(join(folder, "state"), { recursive: true });
    await cp(join(folder, "state.empty"), join(folder, "state"), { recursive: true });
    await this.vm.restore("debian");
  }

  async declare(host: Declared): Promise<void> {
    const kexec = await Promise.all(host.bundles.map((name) => this.bundle(name)));
    const declared = {
      machine: "web",
      connection: {
        host: "127.0.0.1",
        port: this.vm.port,
        privateKeyPath: (await labKey()).privateKeyPath,
        hostKey: host.hostKey ?? "accept-new",
        deadlines: { connectSeconds: 5, bootSeconds: host.bootSeconds ?? 400 },
      },
      install: {
        connection: host.login ?? { user: "admin" },
        phases: host.phases ?? ["kexec"],
        kexec: kexec.length === 1 ? kexec[0] : kexec,
        disks: [{ device: "/dev/disk/by-id/virtio-LABDISK1", serial: "LABDISK1" }],
      },
      system: { flake: `${await labFlake()}#alpha` },
    };
    await writeFile(join(this.stack.program, "host.json"), JSON.stringify(declared));
  }

  async bundle(name: BundleVariant | "installer"): Promise<Bundle> {
    const { path, sha256 } = name === "installer" ? await kexecBundle() : await this.variants.get(name);
    return { path, sha256 };
  }

  /** Starts a script on the machine that waits for its moment, does its harm and tells when. */
  async sabotage(script: string): Promise<void> {
    const input = `${script}\ntouch ${faultFile}`;
    await this.vm.ssh("cat > /tmp/saboteur; setsid sh /tmp/saboteur </dev/null >/dev/null 2>&1 &", { input });
  }

  /** One `pulumi up`; `faultAt` resolves at the moment of the fault. */
  async up(faultAt: Promise<unknown> = this.faultOnMachine()): Promise<Up> {
    let at = NaN;
    let errorAt = NaN;
    let seen = "";
    faultAt.then(
      () => (at = performance.now()),
      () => undefined,
    );
    const onOutput = (chunk: string): void => {
      seen += chunk;
      if (Number.isNaN(errorAt) && /\[[a-z-]+\]\n/.test(seen)) errorAt = performance.now();
    };
    const { code, output } = await this.stack.pulumi(["up", "--yes", "--skip-preview"], { onOutput });
    return { code, output, secondsToError: (errorAt - at) / 1000 };
  }

  /** The machine's console shows it from now on. */
  async onConsole(text: RegExp): Promise<void> {
    const from = (await this.vm.serialLog()).length;
    await waitFor(`${text} on the console`, 240, async () =>
      text.test((await this.vm.serialLog()).slice(from)) ? true : undefined,
    );
  }

  async networkGoneFor(seconds: number): Promise<void> {
    await this.vm.setNetwork(false);
    await sleep(seconds);
    await this.vm.setNetwork(true);
  }

  /** What the state holds of the host. */
  resource(): ReturnType<PulumiStack["resource"]> {
    return this.stack.resource(":NixosHost");
  }

  async bytesChanged(): Promise<boolean> {
    return (await this.vm.diskSha256("data")) !== this.untouched;
  }

  async stop(): Promise<void> {
    await this.vm.stop();
    await this.stack.remove();
    await this.variants.remove();
  }

  async faultOnMachine(): Promise<void> {
    const { code } = await this.vm.ssh(`until [ -e ${faultFile} ]; do sleep 0.1; done`, {
      timeoutSeconds: 240,
    });
    if (code !== 0) throw new Error("no fault was seen on the machine");
  }
}

/** Kept for docs/benchmarks.md, and shown. */
export async function keepFigure(fault: string, code: string, seconds: number): Promise<void> {
  defaultLog(`${fault}: [${code}] ${seconds.toFixed(1)} s after the fault`);
  const file = join(cacheRoot, "figures", "kexec-boundary.json");
  await mkdir(join(cacheRoot, "figures"), { recursive: true });
  const figures = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Record<string, unknown>;
  figures[fault] = { code, seconds: Number(seconds.toFixed(1)) };
  await writeFile(file, JSON.stringify(figures, null, 2));
}
