import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { ServerChannel } from "ssh2";
import type { HostError } from "../../../provider/core/errors";
import { connectSsh } from "../../../provider/transport/ssh";
import { keepsBelow } from "../support/memory";
import { accessTo, cleanUp, failureOf, hostFor, onCleanUp, shellOn } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);

/** For 8 MiB in the smallest pieces, with both ends of the connection. What grows without end is soon beyond it. */
const mostMB = 400;

const begin = (nonce: string): string => `\x1e${nonce} begin\n`;
const end = (nonce: string): string => `\x1e${nonce} 0\n`;

/** Writes until the client closes the channel, as fast as the client reads. */
function pour(
  stream: NodeJS.WritableStream,
  channel: ServerChannel,
  piece: string | Buffer,
  most = Infinity,
) {
  let open = true;
  let pieces = 0;
  channel.on("close", () => (open = false));
  const more = (): void => {
    if (!open || ++pieces > most) return;
    if (stream.write(piece)) setImmediate(more);
    else stream.once("drain", more);
  };
  more();
}

interface Row {
  name: string;
  play: (channel: ServerChannel, nonce: string) => void;
  code: HostError["code"];
  words: string;
  deadlineSeconds?: number;
}

const big = "y".repeat(65_535);
const tooMuch = { code: "command-failed", words: "8 MiB" } as const;

const rows: readonly Row[] = [
  {
    name: "endless output",
    play: (channel, nonce) => (channel.write(begin(nonce)), pour(channel, channel, `${big}\n`)),
    ...tooMuch,
  },
  {
    name: "endless output that is no text",
    play: (channel, nonce) => (
      channel.write(begin(nonce)),
      pour(channel, channel, Buffer.alloc(65_536, 0xff))
    ),
    ...tooMuch,
  },
  { name: "an endless MOTD, before anything of ours", play: (c) => pour(c, c, `${big}\n`), ...tooMuch },
  { name: "endless stderr and nothing else", play: (c) => pour(c.stderr, c, `${big}\n`), ...tooMuch },
  {
    name: "endless output after the end was proved on one stream only",
    play: (channel, nonce) => (channel.write(begin(nonce) + end(nonce)), pour(channel, channel, big)),
    ...tooMuch,
  },
  {
    name: "an exit code without end",
    play: (channel, nonce) => (
      channel.write(`${begin(nonce)}\x1e${nonce} `),
      pour(channel, channel, "7".repeat(9_999))
    ),
    ...tooMuch,
  },
  {
    name: "half marks without end",
    play: (channel, nonce) => (
      channel.write(begin(nonce)),
      pour(channel, channel, `\x1e${nonce.slice(0, 20)}`.repeat(500))
    ),
    ...tooMuch,
  },
  {
    name: "two bytes in each packet",
    // Fewer than 8 MiB, also where a million packets are a matter of a second.
    play: (channel, nonce) => (channel.write(begin(nonce)), pour(channel, channel, "ab", 1_000_000)),
    code: "deadline-exceeded",
    words: "within 3 s",
    deadlineSeconds: 3,
  },
  {
    name: "one byte a second",
    play: (channel, nonce) => {
      channel.write(begin(nonce));
      const tick = setInterval(() => channel.write("."), 1_000);
      channel.on("close", () => clearInterval(tick));
    },
    code: "deadline-exceeded",
    words: "within 3 s",
    deadlineSeconds: 3,
  },
  {
    name: "a question on the channel",
    play: (channel) => channel.write("Duo passcode: "),
    code: "deadline-exceeded",
    words: "did not begin to run it",
    deadlineSeconds: 3,
  },
  {
    name: "a channel that is half closed and left so",
    play: (channel, nonce) => {
      channel.write(`${begin(nonce)}half`);
      channel.eof();
      // For this server it is closed already: it does not answer when the client closes it.
      (channel as unknown as { incoming: { state: string } }).incoming.state = "closed";
    },
    code: "connection-lost",
    words: "4 bytes of output",
  },
  {
    name: "marks of a guessed nonce",
    play: (channel) => {
      for (const stream of [channel, channel.stderr])
        stream.write(begin("0".repeat(32)) + end("0".repeat(32)));
      channel.exit(0);
      channel.end();
    },
    code: "login-refused",
    words: "gets no shell",
  },
  {
    name: "the end without the beginning",
    play: (channel, nonce) => {
      for (const stream of [channel, channel.stderr]) stream.write(end(nonce));
      channel.exit(0);
      channel.end();
    },
    code: "login-refused",
    words: "gets no shell",
  },
];

test.each(rows.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
  const host = await hostFor({ onChannel: row.play });
  const shell = await shellOn(host);
  // Where no deadline is given, another end must come first, however slow this machine is.
  const deadlineSeconds = row.deadlineSeconds ?? 100;
  const error = await keepsBelow(mostMB, () =>
    failureOf(shell.run("true", { deadlineSeconds, onLine: () => undefined })),
  );
  expect(error.code).toBe(row.code);
  expect(error.details.what).toContain(row.words);
  expect(error.text().length).toBeLessThan(300_000);
  // It was one channel's fault: the connection lives on.
  host.options.onChannel = (channel, nonce) => answer(channel, nonce, "fine");
  expect(await shell.run("true", { deadlineSeconds: 60 })).toEqual({
    exitCode: 0,
    stdout: "fine",
    stderr: "fine",
  });
});

test("a host that opens channels and runs nothing: the error tells that from a slow script", async () => {
  const host = await hostFor();
  const shell = await shellOn(host);
  host.faults.ignoreCommands = true;
  const error = await failureOf(shell.run("true", { deadlineSeconds: 1 }));
  expect(error.code).toBe("deadline-exceeded");
  expect(error.details.what).toContain("the host opened no channel for it");
});

test("words before the ssh banner and before the login do no harm", async () => {
  const host = await hostFor({
    localSh: {},
    greeting: "Welcome\r\n".repeat(500),
    banner: "Beware ".repeat(4_000),
  });
  expect((await (await shellOn(host)).run("echo here", { deadlineSeconds: 60 })).stdout).toBe("here\n");
});

test("megabytes before the ssh banner: unreachable, at once", async () => {
  const { port } = await tcpHost((socket) => {
    const write = (): void => void (socket.writable && socket.write(`${"z".repeat(7_000)}\r\n`, write));
    write();
  });
  const error = await keepsBelow(mostMB, () => failureOf(connectSsh(accessTo({ port }))));
  expect(error.code).toBe("unreachable");
  expect(error.details.what).toMatch(/greeting|Header|banner/);
  // Not because its time was over.
  expect(error.details.what).not.toContain("within");
});

test("a banner by one byte a second: given up after 20 s at the latest", async () => {
  const { port } = await tcpHost((socket) => {
    const tick = setInterval(() => socket.write("S"), 1_000);
    socket.on("close", () => clearInterval(tick));
  });
  // Where each byte would give it more time, this would not end within the time of a test.
  const error = await failureOf(connectSsh(accessTo({ port })));
  expect(error.code).toBe("unreachable");
  expect(error.details.what).toContain("the ssh handshake did not end within 20 s");
});

test("a host that sends more than ssh allows it, to a client that does not read, is cut off", async () => {
  let channels = 0;
  const host = await hostFor({
    onChannel: (channel, nonce) => (++channels === 1 ? answer(channel, nonce, "") : flood(channel, nonce)),
  });
  const shell = await shellOn(host);
  const relay = await shell.relay("cat");
  const socket = connect(relay.socketPath).pause();
  socket.on("error", () => undefined);
  socket.write("hello");
  await keepsBelow(mostMB, () => shell.closed);
  const error = await failureOf(shell.run("true", { deadlineSeconds: 60 }));
  expect(error.details.what).toContain("more than it was asked for");
  socket.destroy();
  await relay.close();
});

/** As a host that does not know what a window is: up to 1 GB, 1 MB every 20 ms. */
function flood(channel: ServerChannel, nonce: string): void {
  channel.write(begin(nonce));
  (channel as unknown as { outgoing: { window: number } }).outgoing.window = Number.MAX_SAFE_INTEGER;
  let pieces = 0;
  const tick = setInterval(() => {
    for (let i = 0; i < 16 && pieces < 16_000; i++, pieces++) channel.write(big);
  }, 20);
  onCleanUp(() => clearInterval(tick));
}

function answer(channel: ServerChannel, nonce: string, text: string): void {
  for (const stream of [channel, channel.stderr]) stream.write(`${begin(nonce)}${text}${end(nonce)}`);
}

async function tcpHost(talk: (socket: Socket) => void): Promise<{ port: number }> {
  const server = createServer((socket) => talk(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onCleanUp(() => void server.close());
  return { port: (server.address() as AddressInfo).port };
}
