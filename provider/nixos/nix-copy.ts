import { sleep } from "../core/deadline";
import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import type { Relay } from "../core/shell";
import type { NixosContext } from "./context";
import { nixArguments } from "./nix-arguments";

/** Without a byte for this long a copy hangs: most likely on the lock of a daemon that an earlier, broken copy left. */
const stallSeconds = 120;

/** Where a store's folder is: the running system's, or the new one's. */
export type StoreRoot = "" | "/mnt";

/** The options by which a nix program on the host is told of that store. */
export function storeOption(root: StoreRoot): string {
  return root === "" ? "" : ` --store 'local?root=${root}'`;
}

/** `nix copy` over the ssh connection that is open anyway. A derivation travels with its inputs, unbuilt. */
export async function nixCopy(
  context: NixosContext,
  path: string,
  root: StoreRoot,
  kind: "closure" | "derivations" = "closure",
): Promise<void> {
  const { session, progress, runLocal, spec } = context;
  // Without --store a copy for /mnt lands in the installer's RAM, with exit code 0.
  const relay = await (await session.shell()).relay(`nix-daemon --stdio${storeOption(root)}`);
  let paths = 0;
  const watch = watchForStall(relay, (sent) =>
    progress.detail(`copying the ${kind}: ${paths} paths, ${bytes(sent)}`),
  );
  try {
    const run = await runLocal(
      "nix",
      [
        ...nixArguments(spec.inputs.nix?.options),
        ...["copy", ...(kind === "derivations" ? ["--derivation"] : []), "--no-check-sigs"],
        ...["--to", `unix://${relay.socketPath}`, path],
      ],
      {
        deadlineSeconds: spec.deadlines.phaseSeconds,
        onLine: (line) => {
          progress.log(line);
          if (line.includes("copying path")) paths++;
        },
        env: { NIX_REMOTE: "" },
      },
    );
    if (run.exitCode !== 0) throw copyFailed(path, run.stderr, relay, watch.stalled);
    progress.log(`${paths} paths, ${bytes(relay.sentBytes())} sent`);
  } finally {
    watch.stop();
    await relay.close();
  }
}

function watchForStall(relay: Relay, onTick: (sent: number) => void): { stop(): void; stalled: boolean } {
  const watch = { running: true, stalled: false, stop: () => (watch.running = false) };
  void (async () => {
    let last = { sent: -1, at: performance.now() };
    while (watch.running) {
      const sent = relay.sentBytes();
      if (sent !== last.sent) last = { sent, at: performance.now() };
      onTick(sent);
      if (performance.now() - last.at > stallSeconds * 1000) {
        watch.stalled = true;
        await relay.close();
        return;
      }
      await sleep(1000);
    }
  })();
  return watch;
}

function copyFailed(path: string, stderr: string, relay: Relay, stalled: boolean): HostError {
  const remote = relay.remoteErrors().trim();
  return new HostError("copy-failed", {
    what: `nix copy of ${path} failed`,
    expected: "nix copy to end with exit code 0",
    seen: stalled ? `no byte was taken for ${stallSeconds} s` : lastLine(remote) || lastLine(stderr),
    next: "run pulumi up again: what has arrived is kept, and what the copy left running on the host is ended first",
    log: [stderr.trim(), remote && `on the host:\n${remote}`].filter(Boolean).join("\n"),
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
