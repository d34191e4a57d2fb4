import { randomBytes } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import type { ClientChannel } from "ssh2";
import { HostError, lastLines } from "../core/errors";
import type { UploadOptions } from "../core/shell";
import { printBegin, printEnd } from "./marked-output";
import { SshConnection } from "./ssh-connection";
import { exchange } from "./ssh-exchange";

const chunkBytes = 1024 * 1024;
const progressEveryMs = 200;

/** `$1` nonce, `$2` path, `$3` size. The name appears only when every byte is there. */
const receive = [
  `${printBegin}; (umask 077; rm -f "$2.part" && cat > "$2.part" || exit`,
  `n=$(wc -c < "$2.part")`,
  `if [ "$n" -eq "$3" ]; then mv -f "$2.part" "$2"; exit; fi`,
  `rm -f "$2.part"; echo "$n of $3 bytes arrived" >&2; exit 1); code=$?`,
  printEnd,
].join("; ");

/** Streams a file into the host. Where it breaks off, nothing of it is left under its name. */
export async function uploadFile(
  connection: SshConnection,
  localPath: string,
  remotePath: string,
  options: UploadOptions,
): Promise<void> {
  const file = await openLocal(localPath);
  try {
    const { size } = await file.stat();
    const nonce = randomBytes(16).toString("hex");
    const result = await exchange(connection, {
      what: `the upload of ${localPath}`,
      command: SshConnection.shCommand(receive, [nonce, remotePath, String(size)]),
      nonce,
      deadlineSeconds: options.deadlineSeconds,
      feed: (channel, stopped) => send(file, localPath, size, channel, stopped, options.onProgress),
    });
    if (result.exitCode !== 0) throw notReceived(localPath, remotePath, result.stderr);
  } finally {
    await file.close();
  }
}

async function send(
  file: FileHandle,
  localPath: string,
  size: number,
  channel: ClientChannel,
  stopped: AbortSignal,
  onProgress: UploadOptions["onProgress"],
): Promise<void> {
  let sent = 0;
  let reportedAt = 0;
  const source = file.createReadStream({ highWaterMark: chunkBytes, autoClose: false });
  try {
    for await (const chunk of source) {
      if (stopped.aborted) return;
      sent += (chunk as Buffer).length;
      if (!channel.write(chunk)) await drained(channel, stopped);
      const now = performance.now();
      if (onProgress && sent < size && now - reportedAt >= progressEveryMs) {
        reportedAt = now;
        onProgress(sent - channel.writableLength, size);
      }
    }
  } catch (error) {
    throw cannotRead(localPath, error);
  }
  channel.end(() => onProgress?.(sent, size));
}

function drained(channel: ClientChannel, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.off("drain", done);
      stopped.removeEventListener("abort", done);
      resolve();
    };
    channel.on("drain", done);
    stopped.addEventListener("abort", done);
  });
}

async function openLocal(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw cannotRead(path, error);
  }
  throw new HostError("bad-input", { what: `${path} cannot be uploaded: it is not a regular file` });
}

function cannotRead(path: string, error: unknown): HostError {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  return new HostError("bad-input", { what: `the local file ${path} cannot be read: ${reason}` });
}

function notReceived(localPath: string, remotePath: string, stderr: string): HostError {
  return new HostError("copy-failed", {
    what: `the upload of ${localPath} to ${remotePath} failed`,
    expected: "every byte of it under that name",
    seen: lastLines(stderr, 5) || "no reason was given",
    next: "see the free space and the rights of the folder on the host",
  });
}
