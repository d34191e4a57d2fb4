import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { SshHost } from "../../contract/ssh-host";
import { until } from "../support/until";
import { cleanUp, failureOf, hostFor, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);

/** The host's /run is a folder of the test. */
function hostWithRun(path: string[] = []): Promise<SshHost> {
  runFolder = tempFolder();
  const rewrite = (text: string): string =>
    text.replaceAll("/run/pulumi-immutable-os", `${runFolder}/immutable-os`);
  return hostFor({ localSh: { path, rewrite } });
}

let runFolder: string;

/** A client that sends everything, says so, and collects the answer. */
function talk(path: string, data: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const answer: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true });
    socket.on("data", (chunk) => answer.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(answer)));
    socket.on("error", reject);
    socket.end(data);
  });
}

test("both ways, half open, several at once, with the bytes counted", async () => {
  const host = await hostWithRun();
  const relay = await (await shellOn(host)).relay("sh -c 'cat; echo end'");
  const data = Buffer.alloc(5_000_000, "abcdefg");
  const answers = await Promise.all([talk(relay.socketPath, data), talk(relay.socketPath, Buffer.from("x"))]);
  expect(answers[0]?.equals(Buffer.concat([data, Buffer.from("end\n")]))).toBe(true);
  expect(answers[1]?.toString()).toBe("xend\n");
  expect(relay.sentBytes()).toBe(5_000_001);
  expect(host.counts.connections).toBe(1);
  await relay.close();
});

test("the socket is private, and gone after the close", async () => {
  const relay = await (await shellOn(await hostWithRun())).relay("cat");
  expect(statSync(relay.socketPath).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(relay.socketPath)).mode & 0o777).toBe(0o700);
  await relay.close();
  await relay.close();
  expect(existsSync(dirname(relay.socketPath))).toBe(false);
});

test("what the commands say on stderr is kept, within bounds", async () => {
  const relay = await (await shellOn(await hostWithRun())).relay("no-such-daemon --stdio");
  await talk(relay.socketPath, Buffer.from("hello"));
  expect(relay.remoteErrors()).toContain("no-such-daemon: not found");
  await relay.close();

  const chatty = await (await shellOn(await hostWithRun())).relay("sh -c 'yes | head -c 99999 >&2'");
  const socket = connect(chatty.socketPath);
  await new Promise((resolve) => socket.on("close", resolve).resume());
  expect(chatty.remoteErrors().length).toBeLessThanOrEqual(16_000);
  await chatty.close();
});

test("a slow reader slows the host down instead of filling the memory", async () => {
  const printed = join(tempFolder(), "printed");
  const print = `n=0; while head -c 1000000 /dev/zero; do n=$((n + 1)); echo $n >${printed}; done`;
  const relay = await (await shellOn(await hostWithRun())).relay(`sh -c '${print}'`);
  const socket = connect(relay.socketPath).pause();
  const printedText = (): string => (existsSync(printed) ? readFileSync(printed, "utf8") : "");
  await until("the host prints", () => printedText() !== "");
  // What nothing holds goes on until it is beyond every buffer between the two.
  let [megabytes, sinceChange] = [0, performance.now()];
  while (megabytes < 200 && performance.now() - sinceChange < 2_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = Number(printedText());
    if (now > megabytes) [megabytes, sinceChange] = [now, performance.now()];
  }
  expect(megabytes).toBeGreaterThan(0);
  expect(megabytes).toBeLessThan(200);
  socket.destroy();
  await relay.close();
});

test("a client that is blocked in a write is freed when the host's command ends", async () => {
  const relay = await (await shellOn(await hostWithRun())).relay("sleep 0.5");
  const socket = connect(relay.socketPath).on("error", () => undefined);
  const closed = ended(socket);
  for (let i = 0; i < 200; i++) socket.write(Buffer.alloc(100_000));
  await closed;
  await relay.close();
});

test("when the connection breaks, local clients are freed at once, even blocked ones", async () => {
  const host = await hostWithRun();
  const shell = await shellOn(host);
  const relay = await shell.relay("sleep 30");
  const socket = connect(relay.socketPath);
  const closed = ended(socket);
  socket.on("error", () => undefined);
  for (let i = 0; i < 200; i++) socket.write(Buffer.alloc(100_000));
  setTimeout(() => host.dropConnections(), 300);
  await closed;
  await shell.closed;
  await relay.close();
  expect(existsSync(dirname(relay.socketPath))).toBe(false);
});

test("a client of a host that opens no more channels is turned away, with the reason", async () => {
  const host = await hostWithRun();
  const relay = await (await shellOn(host)).relay("cat");
  host.faults.refuseChannels = true;
  await ended(connect(relay.socketPath));
  expect(relay.remoteErrors()).toContain("refused to run a command");
  await relay.close();
});

test("a daemon that an earlier connection left behind is ended before a new relay", async () => {
  const folder = tempFolder();
  const host = await hostWithRun([folder]);
  writeFileSync(join(folder, "nix-daemon"), readFileSync("/bin/sleep"), { mode: 0o755 });
  const first = await shellOn(host);
  const relay = await first.relay("nix-daemon 60");
  const client = connect(relay.socketPath).on("error", () => undefined);
  const pidFile = join(runFolder, "immutable-os/relay-pids");
  const noted = (): string => (existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() : "");
  await until("the daemon's pid is noted", () => noted() !== "");
  const pid = noted();
  const cmdline = () =>
    existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
  await until(
    "the daemon runs",
    () => cmdline().startsWith("nix-daemon") || cmdline().includes("/nix-daemon"),
  );

  // Of the same connection: it is alive, and stays.
  const beside = await first.relay("cat");
  expect(cmdline()).toContain("nix-daemon");
  await beside.close();

  const second = await shellOn(host);
  await (await second.relay("cat")).close();
  expect(cmdline()).toBe("");
  client.destroy();
});

test("on a connection that is gone no relay opens", async () => {
  const host = await hostWithRun();
  const shell = await shellOn(host);
  host.dropConnections();
  await shell.closed;
  expect((await failureOf(shell.relay("cat"))).code).toBe("connection-lost");
});

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().on("close", () => resolve()));
}
