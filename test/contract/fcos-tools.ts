// Part of a stand-in for an ostree machine: programs on its PATH that ask this process what to say and to do.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { quote } from "../../provider/core/quote";

export interface ToolCall {
  tool: string;
  args: string[];
  /** The caller is gone: what it asked for must not happen any more. */
  aborted(): boolean;
}

export interface ToolReply {
  stdout?: string;
  stderr?: string;
  exitCode?: number;
}

export const fails = (stderr: string, exitCode = 1): ToolReply => ({ stderr: `${stderr}\n`, exitCode });
export const says = (stdout: string): ToolReply => ({ stdout });

type Answer = (call: ToolCall) => ToolReply | Promise<ToolReply>;

const played = ["rpm-ostree", "bootc", "ostree", "systemctl", "journalctl", "uname", "df", "findmnt"];

export class FakeTools {
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly bin: string,
    private readonly server: Server,
  ) {}

  /** Into `folder/bin`; processes that must die with the machine are listed in `folder/sessions`. */
  static async install(folder: string, without: readonly string[], answer: Answer): Promise<FakeTools> {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    const server = createServer((socket) => void tools.serve(socket, answer));
    const tools = new FakeTools(bin, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    for (const tool of played) if (!without.includes(tool)) tools.write(tool, asking(port));
    for (const [tool, text] of Object.entries(doing(folder))) tools.write(tool, text);
    return tools;
  }

  remove(tool: string): void {
    rmSync(join(this.bin, tool), { force: true });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private write(tool: string, text: string): void {
    const path = join(this.bin, tool);
    writeFileSync(path, `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(path, 0o755);
  }

  private async serve(socket: Socket, answer: Answer): Promise<void> {
    this.sockets.add(socket);
    let open = true;
    socket.on("error", () => undefined).on("close", () => ((open = false), this.sockets.delete(socket)));
    const [tool = "", ...args] = await wordsFrom(socket);
    const { stdout = "", stderr = "", exitCode = 0 } = await answer({ tool, args, aborted: () => !open });
    socket.end(`printf %s ${quote(stdout)}\nprintf %s ${quote(stderr)} >&2\nexec 3>&-\nexit ${exitCode}\n`);
  }
}

/** How many words, then the words, each ended by a zero byte. */
function wordsFrom(socket: Socket): Promise<string[]> {
  let received = "";
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("utf8");
      const [count = "", ...words] = received.split("\0");
      if (words.length > Number(count) + 1) resolve(words.slice(0, Number(count) + 1));
    });
  });
}

const asking = (port: number): string => `exec 3<>/dev/tcp/127.0.0.1/${port} || exit 255
printf '%s\\0' "$#" "\${0##*/}" "$@" >&3
eval "$(cat <&3)"`;

/** These do their work here, as far as this machine has a part in it. */
const doing = (folder: string): Record<string, string> => ({
  sudo: `while :; do case $1 in -[nSEH]) shift ;; -[pu]) shift 2 ;; --) shift; break ;; *) break ;; esac; done
exec "$@"`,
  id: `[ "$*" = -u ] && { echo 0; exit; }
exec "$(PATH=\${PATH#*:} command -v id)" "$@"`,
  setsid: `echo $$ >> ${folder}/sessions
exec "$(PATH=\${PATH#*:} command -v setsid)" "$@"`,
  "systemd-run": `wait=
while :; do case $1 in
  --setenv=*) export "\${1#--setenv=}"; shift ;;
  --wait|--pipe) wait=1; shift ;;
  -p|-u|--unit|--property) shift 2 ;;
  --) shift; break ;;
  -*) shift ;;
  *) break ;;
esac; done
[ -z "$wait" ] || exec "$@"
setsid "$@" </dev/null >/dev/null 2>&1 &`,
  unshare: `while case $1 in -*) true ;; *) false ;; esac; do shift; done
exec "$@"`,
  mount: "exit 0",
  "systemd-detect-virt": "echo none; exit 1",
  sync: "exit 0",
  chcon: "exit 0",
  restorecon: "exit 0",
});
