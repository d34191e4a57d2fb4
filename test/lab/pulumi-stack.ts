import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nixEnvironment } from "./mini-nixos";

const root = resolve(__dirname, "../..");

export interface PulumiRun {
  code: number;
  /** stdout and stderr as they came. */
  output: string;
}

export interface StackExport {
  deployment: {
    resources: {
      type: string;
      id?: string;
      inputs: Record<string, unknown>;
      outputs: Record<string, unknown>;
    }[];
  };
}

/** One stack of one program, with a Pulumi home, a backend and a copy of the program of its own: nothing of the user's. */
export class PulumiStack {
  private constructor(
    readonly folder: string,
    readonly program: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Of the program in `programs`/`name` of this repository. */
  static async create(
    name: string,
    config: Record<string, string> = {},
    programs = "examples",
    environment: Record<string, string> = {},
  ): Promise<PulumiStack> {
    const folder = await mkdtemp(join(tmpdir(), "immutable-os-stack-"));
    const program = join(folder, "program");
    removeTogetherWithThisProcess(folder);
    await mkdir(join(folder, "state"));
    await cp(join(root, programs, name), program, { recursive: true });
    await symlink(join(root, "node_modules"), join(program, "node_modules"));
    await writeFile(join(program, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
    const stack = new PulumiStack(folder, program, {
      ...process.env,
      ...nixEnvironment,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "lab",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
      ...environment,
    });
    await stack.expect(["stack", "init", "lab"]);
    for (const [key, value] of Object.entries(config)) await stack.configure(key, value);
    return stack;
  }

  /** Sets a value of the program's configuration; a key with a path, such as `disks[0]`, goes into an object. */
  async configure(key: string, value: string): Promise<void> {
    // A value may begin with a hyphen, as certificates do.
    await this.expect(["config", "set", "--path", "--", key, value]);
  }

  /** Runs `pulumi` as a user would; `onOutput` gets what it prints while it runs. */
  pulumi(
    args: readonly string[],
    options: { onOutput?: (chunk: string) => void; timeoutSeconds?: number } = {},
  ): Promise<PulumiRun> {
    return new Promise((done, fail) => {
      const child = spawn("pulumi", ["--non-interactive", "--color", "never", ...args], {
        cwd: this.program,
        env: this.environment,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const chunks: string[] = [];
      const keep = (chunk: Buffer): void => {
        chunks.push(chunk.toString());
        options.onOutput?.(chunk.toString());
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      const timer = setTimeout(() => child.kill("SIGINT"), (options.timeoutSeconds ?? 900) * 1000);
      child.on("error", fail);
      child.on("close", (code) => {
        clearTimeout(timer);
        done({ code: code ?? -1, output: chunks.join("") });
      });
    });
  }

  /** Runs `pulumi` on this terminal, for somebody who looks on: with Pulumi's live display, if it is a terminal. */
  show(args: readonly string[]): Promise<number> {
    const plain = process.stdout.isTTY ? [] : ["--non-interactive", "--color", "never"];
    return new Promise((done, fail) => {
      const child = spawn("pulumi", [...args, ...plain], {
        cwd: this.program,
        env: this.environment,
        stdio: "inherit",
      });
      child.on("error", fail);
      child.on("close", (code) => done(code ?? -1));
    });
  }

  async expect(args: readonly string[]): Promise<string> {
    const { code, output } = await this.pulumi(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  /** The state of the first resource whose type ends so. */
  async resource(typeSuffix: string): Promise<StackExport["deployment"]["resources"][number] | undefined> {
    const file = join(this.folder, "export.json");
    await this.expect(["stack", "export", "--file", file]);
    const exported = JSON.parse(await readFile(file, "utf8")) as StackExport;
    return exported.deployment.resources?.find((resource) => resource.type.endsWith(typeSuffix));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const folders = new Set<string>();

/** Also when it is interrupted: a stack of the lab is of no use to anybody afterwards. */
function removeTogetherWithThisProcess(folder: string): void {
  folders.add(folder);
  if (folders.size > 1) return;
  process.on("exit", () => folders.forEach((each) => rmSync(each, { recursive: true, force: true })));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
}
