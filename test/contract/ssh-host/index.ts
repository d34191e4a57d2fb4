// A stand-in for sshd: the real ssh protocol on 127.0.0.1, in this process, in front of a host that is only played.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import {
  Server,
  utils,
  type AuthContext,
  type Connection,
  type ParsedKey,
  type ServerChannel,
  type Session,
} from "ssh2";
import { makeKey, type TestKey } from "./keys";
import {
  collect,
  play,
  runInLocalSh,
  toRequest,
  type ExecRequest,
  type LocalSh,
  type Reply,
} from "./replies";

export { makeKey, type TestKey } from "./keys";
export type { ExecRequest, LocalSh, Reply } from "./replies";

export interface SshHostOptions {
  hostKeys?: readonly TestKey[];
  /** Public key that may log in. Without: any key. */
  authorizedKey?: string;
  /** Answers a command, or lets a real sh run it. Asked once the client has closed stdin. */
  onExec?: (request: ExecRequest) => Reply | Promise<Reply>;
  /** Commands really run here, with fake tools in front of PATH. `onExec` is not asked then. */
  localSh?: LocalSh;
  /** Has the channel to itself once the first bytes came in; `nonce` is that of the script's marks. Asked first. */
  onChannel?: (channel: ServerChannel, nonce: string) => void;
  /** Makes it a jump host: the port here of what its clients call `host:port`; nothing: it knows no such host. */
  forward?: (host: string, port: number) => number | undefined;
  /** Text before the ssh banner, and text before the login. */
  greeting?: string;
  banner?: string;
}

/** What the host does wrong; may be changed while it runs, and holds for what comes after. */
export interface Faults {
  /** Accepts TCP connections and says nothing, like a port forwarded to a dead machine. */
  noBanner?: boolean;
  /** Closes every TCP connection at once. */
  closeAtOnce?: boolean;
  refuseLogin?: boolean;
  /** Takes the request for a login and never answers it. */
  hangAtLogin?: boolean;
  /** Refuses to open a channel, as sshd does beyond MaxSessions. */
  refuseChannels?: boolean;
  /** Opens channels and never answers the request to run something on them. */
  ignoreCommands?: boolean;
}

export class SshHost {
  readonly counts = { connections: 0, logins: 0, execs: 0 };
  /** All commands that were asked for. */
  readonly commands: string[] = [];
  readonly faults: Faults = {};
  private readonly sockets = new Set<Socket>();
  private readonly endJobs: (() => void)[] = [];
  private readonly ssh: Server;
  private readonly tcp = createServer({ noDelay: true }, (socket) => this.accept(socket));

  constructor(
    readonly hostKeys: readonly TestKey[],
    public options: SshHostOptions,
  ) {
    const { greeting, banner } = options;
    this.ssh = new Server(
      {
        hostKeys: hostKeys.map((key) => key.privateKey),
        ...(greeting === undefined ? {} : { greeting }),
        ...(banner === undefined ? {} : { banner }),
      },
      (client) => this.greet(client),
    );
  }

  get port(): number {
    return (this.tcp.address() as AddressInfo).port;
  }

  get hostKey(): TestKey {
    return this.hostKeys[0] as TestKey;
  }

  listen(port = 0, address = "127.0.0.1"): Promise<this> {
    return new Promise((resolve, reject) => {
      this.tcp.once("error", reject);
      this.tcp.listen(port, address, () => resolve(this));
    });
  }

  /** Resets every connection, as a host that loses power behind a router that says so. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Stays connected and says nothing any more, as a host behind a cut cable. */
  freeze(): void {
    for (const socket of this.sockets) {
      socket.pause();
      socket.cork();
    }
  }

  /** Ends every command that runs, as a host that goes down does. */
  endCommands(): void {
    for (const end of this.endJobs.splice(0)) end();
  }

  async stop(): Promise<void> {
    this.endCommands();
    this.dropConnections();
    await new Promise((resolve) => this.tcp.close(resolve));
  }

  private accept(socket: Socket): void {
    this.counts.connections++;
    this.sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.sockets.delete(socket));
    if (this.faults.closeAtOnce) socket.destroy();
    else if (!this.faults.noBanner) this.ssh.injectSocket(socket);
  }

  private greet(client: Connection): void {
    client.on("error", () => undefined);
    client.on("authentication", (context) => this.authenticate(context));
    client.on("ready", () => this.counts.logins++);
    client.on("session", (accept, reject) => {
      if (this.faults.refuseChannels) reject();
      else this.serve(accept());
    });
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      const port = this.options.forward?.(destIP, destPort);
      if (port === undefined) reject();
      else join(accept(), connect({ host: "127.0.0.1", port, noDelay: true }));
    });
  }

  private authenticate(context: AuthContext): void {
    if (this.faults.hangAtLogin) return;
    if (context.method !== "publickey" || this.faults.refuseLogin) return context.reject(["publickey"]);
    const wanted = this.options.authorizedKey;
    if (wanted !== undefined && !isKey(wanted, context.key.data)) return context.reject(["publickey"]);
    if (!context.signature) return context.accept();
    const key = utils.parseKey(context.key.data) as ParsedKey;
    const { blob, signature, hashAlgo } = context;
    if (blob && key.verify(blob, signature, hashAlgo)) context.accept();
    else context.reject(["publickey"]);
  }

  private serve(session: Session): void {
    session.on("exec", (accept, _reject, { command }) => {
      const number = ++this.counts.execs;
      this.commands.push(command);
      if (this.faults.ignoreCommands) return;
      const channel = accept();
      channel.on("error", () => undefined);
      const { onChannel } = this.options;
      if (onChannel) {
        channel.once("data", (first: Buffer) =>
          onChannel(channel, /[0-9a-f]{32}/.exec(first.toString() + command)?.[0] ?? ""),
        );
        return;
      }
      if (this.options.localSh) {
        this.endJobs.push(runInLocalSh(channel, command, this.options.localSh));
        return;
      }
      void this.converse(channel, number, command);
    });
  }

  private async converse(channel: ServerChannel, number: number, command: string): Promise<void> {
    const request = toRequest(number, command, await collect(channel));
    await play(channel, request, await this.answer(request), () => this.dropConnections());
  }

  private async answer(request: ExecRequest): Promise<Reply> {
    return (await this.options.onExec?.(request)) ?? { exitCode: 127, stderr: "nobody plays this command\n" };
  }
}

export async function startSshHost(options: SshHostOptions = {}): Promise<SshHost> {
  return new SshHost(options.hostKeys ?? [makeKey()], options).listen();
}

/** Two streams that end together. */
function join(channel: ServerChannel, socket: Socket): void {
  channel.on("error", () => undefined).on("close", () => socket.destroy());
  socket.on("error", () => undefined).on("close", () => channel.close());
  channel.pipe(socket).pipe(channel);
}

function isKey(publicKey: string, blob: Buffer): boolean {
  return Buffer.from(publicKey.split(" ")[1] ?? "", "base64").equals(blob);
}
