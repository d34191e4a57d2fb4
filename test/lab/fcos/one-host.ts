import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FcosHostArgs } from "../../../provider/resources/fcos-host-args";
import { PulumiStack, type PulumiRun } from "../pulumi-stack";
import type { FcosMachine } from "./fcos-machine";
import type { FcosLab } from "./index";

/** Emulated, beside others. */
export const BOOT_SECONDS = 300;

/** The program of one machine, declared anew for each attempt. */
export class OneFcosHost {
  private constructor(
    private readonly lab: FcosLab,
    readonly stack: PulumiStack,
  ) {}

  static async create(lab: FcosLab): Promise<OneFcosHost> {
    return new OneFcosHost(
      lab,
      await PulumiStack.create("one-fcos-host", {}, "test/lab/programs", lab.environment),
    );
  }

  /** Arguments that are fine, to be spoilt. */
  good(machine: FcosMachine, image: FcosHostArgs["image"], bootSeconds = BOOT_SECONDS): FcosHostArgs {
    return {
      machine: "worker",
      connection: {
        host: "127.0.0.1",
        port: machine.port,
        privateKeyPath: machine.privateKeyPath,
        hostKey: "accept-new",
        deadlines: { bootSeconds },
      },
      image,
      registry: this.login(),
    };
  }

  run(command: "preview" | "up" | "destroy", host: FcosHostArgs): Promise<PulumiRun> {
    return this.declared({ host }, command === "preview" ? ["preview", "--diff"] : [command, ...quickly]);
  }

  /** The Ignition document of a new machine, as the stack gives it to whoever creates machines. */
  async document(image: string): Promise<string> {
    const { code, output } = await this.declared({ firstBoot: { image, registry: this.login() } }, [
      "up",
      ...quickly,
    ]);
    if (code !== 0) throw new Error(`no document:\n${output}`);
    return this.stack.expect(["stack", "output", "document", "--show-secrets"]);
  }

  private async declared(content: object, args: string[]): Promise<PulumiRun> {
    await writeFile(join(this.stack.program, "host.json"), JSON.stringify(content));
    return this.stack.pulumi(args);
  }

  private login() {
    const { username, password, certificateAuthority } = this.lab.registry;
    return { username, password, certificateAuthority };
  }
}

const quickly = ["--yes", "--skip-preview"];
