import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { Engine } from "./engine";

export type Props = Record<string, unknown>;

export interface Diff {
  changes: "some" | "none" | "unknown";
  replaces: string[];
}

/** What came back of create and update: the end, or an error with or without something to keep. */
export type Result =
  | { end: "done"; id: string; props: Props }
  | { end: "failed"; message: string }
  | { end: "partial"; message: string; id: string; props: Props; reasons: string[] };

const root = join(__dirname, "../..");
const longestStartMs = 120_000;

interface Options {
  /** The name that the resource's `__provider` text loads. */
  resource: string;
  /** Name on PATH → the file that stands in for it. */
  standIns: Readonly<Record<string, string>>;
}

const nixosHost: Options = { resource: "NixosHost", standIns: { nix: join(__dirname, "nix-standin.mjs") } };

/** Pulumi's own server of dynamic providers, in a process of its own, as the engine starts it. */
export class ProviderProcess {
  /** All that the process printed: Pulumi would show it on the stack's row. */
  output = "";
  private child: ChildProcess | undefined;
  private client: ResourceProviderClient | undefined;

  private constructor(
    readonly engine: Engine,
    /** The process's own: what it leaves there goes with it. */
    readonly folder: string,
    private readonly providerText: string,
  ) {}

  static async start({ resource, standIns } = nixosHost): Promise<ProviderProcess> {
    const folder = await mkdtemp(join(tmpdir(), "immutable-os-contract-"));
    const text = `exports.handler=()=>require("pulumi-immutable-os/provider").${resource};`;
    const provider = new ProviderProcess(await new Engine().start(), folder, text);
    for (const [name, file] of Object.entries(standIns)) await symlink(file, join(folder, name));
    await provider.launch();
    return provider;
  }

  /** One line a call of `nix`: its arguments and its environment. */
  async nixCalls(): Promise<{ argv: string[]; env: Record<string, string> }[]> {
    const lines = await readFile(join(this.folder, "nix-calls"), "utf8").catch(() => "");
    return lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { argv: string[]; env: Record<string, string> });
  }

  get alive(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** As the end of a user's patience: nothing can be cleaned up. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.child;
    if (child === undefined || !this.alive) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    this.client?.close();
  }

  async launch(): Promise<void> {
    const server = join(root, "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const child = spawn(process.execPath, [server, this.engine.address], {
      cwd: root,
      env: {
        ...process.env,
        PATH: [this.folder, process.env["PATH"]].join(delimiter),
        NIX_STANDIN_CALLS: join(this.folder, "nix-calls"),
        BUILDAH_STANDIN: join(this.folder, "buildah-store"),
        // A provider that is killed leaves its sockets: they go with the folder.
        TMPDIR: this.folder,
        IMMUTABLE_OS_CACHE: join(this.folder, "cache"),
        // A module of Jest's must not be loaded into the provider.
        NODE_OPTIONS: "",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const port = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no port: ${this.output}`)), longestStartMs);
      child.once("exit", () => reject(new Error(`the provider did not start: ${this.output}`)));
      child.stderr.on("data", (chunk: Buffer) => (this.output += chunk.toString("utf8")));
      child.stdout.on("data", (chunk: Buffer) => {
        const text = chunk.toString("utf8");
        const port = /^(\d+)\n/.exec(text)?.[1];
        if (port === undefined) this.output += text;
        else resolve(port);
        clearTimeout(late);
      });
    });
    const limits = { "grpc.max_metadata_size": 16 * 1024 * 1024 };
    this.client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), limits);
    const configure = new messages.ConfigureRequest();
    configure.setArgs(structOf({}));
    await this.call((done) => this.rpc.configure(configure, done));
  }

  async check(olds: Props, news: Props): Promise<{ inputs: Props; failures: string[] }> {
    const request = new messages.CheckRequest();
    request.setUrn(String(news["__urn"]));
    request.setOlds(structOf(olds));
    request.setNews(structOf(this.withProvider(news)));
    const answer = await this.call<messages.CheckResponse>((done) => this.rpc.check(request, done));
    return {
      inputs: propsOf(answer.getInputs()),
      failures: answer.getFailuresList().map((failure) => failure.getReason()),
    };
  }

  async diff(id: string, olds: Props, news: Props): Promise<Diff> {
    const request = new messages.DiffRequest();
    request.setId(id);
    request.setOlds(structOf(this.withProvider(olds)));
    request.setNews(structOf(this.withProvider(news)));
    const answer = await this.call<messages.DiffResponse>((done) => this.rpc.diff(request, done));
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    const changes = answer.getChanges();
    return {
      changes: changes === DIFF_SOME ? "some" : changes === DIFF_NONE ? "none" : "unknown",
      replaces: answer.getReplacesList(),
    };
  }

  async create(news: Props): Promise<Result> {
    const request = new messages.CreateRequest();
    request.setProperties(structOf(this.withProvider(news)));
    return this.outcome(async () => {
      const answer = await this.call<messages.CreateResponse>((done) => this.rpc.create(request, done));
      return { end: "done", id: answer.getId(), props: propsOf(answer.getProperties()) };
    });
  }

  async update(id: string, olds: Props, news: Props): Promise<Result> {
    const request = new messages.UpdateRequest();
    request.setId(id);
    request.setOlds(structOf(this.withProvider(olds)));
    request.setNews(structOf(this.withProvider(news)));
    return this.outcome(async () => {
      const answer = await this.call<messages.UpdateResponse>((done) => this.rpc.update(request, done));
      return { end: "done", id, props: propsOf(answer.getProperties()) };
    });
  }

  async read(id: string, props: Props): Promise<{ id: string; props: Props; inputs: Props }> {
    const request = new messages.ReadRequest();
    request.setId(id);
    request.setProperties(structOf(this.withProvider(props)));
    const answer = await this.call<messages.ReadResponse>((done) => this.rpc.read(request, done));
    return {
      id: answer.getId(),
      props: propsOf(answer.getProperties()),
      inputs: propsOf(answer.getInputs()),
    };
  }

  async delete(id: string, props: Props): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId(id);
    request.setProperties(structOf(this.withProvider(props)));
    await this.call((done) => this.rpc.delete(request, done));
  }

  async stop(): Promise<void> {
    await this.kill("SIGTERM");
    this.engine.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private withProvider(props: Props): Props {
    return { ...props, __provider: this.providerText };
  }

  private get rpc(): ResourceProviderClient {
    if (this.client === undefined) throw new Error("the provider is not started");
    return this.client;
  }

  private call<Answer>(
    ask: (done: (error: ServiceError | null, answer: Answer) => void) => unknown,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      ask((error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }

  private async outcome(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      return failureOf(error as ServiceError);
    }
  }
}

/** The way in which the engine is told of an error after something was made. */
function failureOf(error: ServiceError): Result {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (packed === undefined) return { end: "failed", message: error.details };
  const [detail] = Status.deserializeBinary(packed as Buffer).getDetailsList();
  const kept = messages.ErrorResourceInitFailed.deserializeBinary(
    detail?.getValue_asU8() ?? new Uint8Array(),
  );
  return {
    end: "partial",
    message: error.details,
    id: kept.getId(),
    props: propsOf(kept.getProperties()),
    reasons: kept.getReasonsList(),
  };
}

function structOf(props: Props): Struct {
  return Struct.fromJavaScript(props as Record<string, JavaScriptValue>);
}

function propsOf(struct: Struct | undefined): Props {
  return struct?.toJavaScript() ?? {};
}
