import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..", "..");

export interface Preview {
  steps: { op: string; urn: string; newState?: { inputs?: Record<string, unknown> } }[];
}

/** A new user's Pulumi program, in a folder of its own outside the tree, with nothing of this user's Pulumi. */
export class BlankProgram {
  private constructor(
    readonly folder: string,
    private readonly source: string,
  ) {}

  static async create(source: string): Promise<BlankProgram> {
    return new BlankProgram(await mkdtemp(join(tmpdir(), "pulumi-immutable-os-package-")), source);
  }

  /** Packs this package as it would be published; answers the files in it. */
  async pack(): Promise<string[]> {
    const output = await run(
      "npm",
      ["pack", "--json", "--ignore-scripts", "--pack-destination", this.folder],
      {
        cwd: repository,
      },
    );
    const [tarball] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
    if (!tarball) throw new Error(`npm pack made nothing: ${output}`);
    await this.write("package.json", {
      name: "blank",
      private: true,
      dependencies: { "@pulumi/pulumi": "3.250.0", "pulumi-immutable-os": `file:./${tarball.filename}` },
      devDependencies: { "@types/node": "^22.0.0", typescript: "^5.0.0" },
    });
    return tarball.files.map(({ path }) => path);
  }

  async install(): Promise<void> {
    await mkdir(join(this.folder, "state"));
    await this.write("Pulumi.yaml", { name: "blank", runtime: "nodejs" });
    await this.write("tsconfig.json", {
      compilerOptions: { strict: true, target: "es2022", module: "node20" },
    });
    await writeFile(join(this.folder, "index.ts"), this.source);
    await cp(join(__dirname, "machines"), join(this.folder, "machines"), { recursive: true });
    await this.run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"]);
  }

  async preview(): Promise<Preview> {
    await this.run("pulumi", ["stack", "init", "dev"]);
    return JSON.parse(await this.run("pulumi", ["preview", "--json", "--non-interactive"])) as Preview;
  }

  run(command: string, args: string[]): Promise<string> {
    return run(command, args, { cwd: this.folder, env: this.environment() });
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private environment(): NodeJS.ProcessEnv {
    const notPulumi = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    return {
      ...Object.fromEntries(notPulumi),
      PULUMI_HOME: join(this.folder, ".pulumi-home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "blank",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
      // Evaluations of other runs are not this program's.
      IMMUTABLE_OS_CACHE: join(this.folder, "cache"),
      NIX_CONFIG: "substituters =\nflake-registry =\nbuild-users-group =",
    };
  }

  private write(name: string, content: object): Promise<void> {
    // JSON is YAML as well.
    return writeFile(join(this.folder, name), JSON.stringify(content, null, 2));
  }
}

const deadline = 600_000;

function run(
  command: string,
  args: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...options, timeout: deadline, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error)
          reject(new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
}
