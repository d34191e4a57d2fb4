import { rm } from "node:fs/promises";
import { runLocal } from "../../provider/transport/local";
import { nixFlags } from "../../provider/nixos/nix-arguments";
import { runFolder } from "../lab/cache";
import { labFlake, nixEnvironment } from "../lab/mini-nixos";
import { quote, sh, sleep } from "../lab/shell";
import { mebibytes, ratio, seconds, timed, type Figure } from "./figures";
import { loopbackHosts, type LoopbackHosts } from "./loopback-host";
import { connect, sshOptions, writeKnownHosts, type SshTarget } from "./ssh-target";

const hostCount = 8;

/** One closure into eight hosts at once: by our relays, all in one process, and by eight `nix copy --to ssh://`. */
export async function measureEightCopies(runs: number): Promise<Figure> {
  const attribute = `${await labFlake()}#nixosConfigurations.alpha.config.system.build.toplevel`;
  const closure = (
    await sh(`nix build --no-link --json ${quote(attribute)}`, { env: nixEnvironment })
  ).trim();
  const path = (JSON.parse(closure) as { outputs: { out: string } }[])[0]!.outputs.out;
  const size = Number((await sh(`nix path-info -S ${path}`, { env: nixEnvironment })).trim().split(/\s+/)[1]);
  const hosts = await loopbackHosts();
  const [ours, theirs, processor, memory]: number[][] = [[], [], [], []];
  try {
    for (let run = 0; run < runs; run++) {
      const used = await withHosts(hosts, path, (targets) => byRelays(targets, path));
      ours!.push(used.seconds);
      processor!.push(used.processorSeconds);
      memory!.push(used.peakBytes);
      theirs!.push(await withHosts(hosts, path, (targets) => byOpenSsh(targets, path)));
    }
  } finally {
    await hosts.remove();
  }
  return {
    what: `${hostCount} hosts at once: copy of a closure of ${mebibytes(size)} to each, loopback`,
    measured: `**${ratio(ours!, theirs!)}** = ${seconds(ours!)} / ${seconds(theirs!)}; our process ${seconds(processor!)} of CPU, ${mebibytes(Math.max(...memory!))} RSS`,
    how: `ours / ${hostCount} times \`nix copy --to ssh://\`, in turns, into empty stores in RAM; client, ${hostCount} sshds and Nix daemons share the cores`,
  };
}

async function withHosts<T>(
  hosts: LoopbackHosts,
  path: string,
  work: (targets: SshTarget[]) => Promise<T>,
): Promise<T> {
  const targets = await Promise.all(Array.from({ length: hostCount }, () => hosts.start()));
  try {
    const result = await work(targets);
    await Promise.all(targets.map((target) => requireValid(target, path)));
    return result;
  } finally {
    await Promise.all(targets.map((target) => target.stop()));
  }
}

async function byRelays(targets: SshTarget[], path: string) {
  let peakBytes = 0;
  let running = true;
  const watching = (async () => {
    for (; running; await sleep(0.1)) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  })();
  const before = process.cpuUsage();
  const { seconds: wall } = await timed(() =>
    Promise.all(targets.map((target) => copyByRelay(target, path))),
  );
  const { user, system } = process.cpuUsage(before);
  running = false;
  await watching;
  return { seconds: wall, processorSeconds: (user + system) / 1e6, peakBytes };
}

async function copyByRelay(target: SshTarget, path: string): Promise<void> {
  const shell = await connect(target);
  const relay = await shell.relay("nix-daemon --stdio");
  try {
    const copy = [...nixFlags, "copy", "--no-check-sigs", "--to", `unix://${relay.socketPath}`, path];
    const { exitCode, stderr } = await runLocal("nix", copy, {
      deadlineSeconds: 300,
      env: { ...nixEnvironment, NIX_REMOTE: "" },
    });
    if (exitCode !== 0) throw new Error(`nix copy by our relay: ${stderr}\n${relay.remoteErrors()}`);
  } finally {
    await relay.close();
    shell.close();
  }
}

async function byOpenSsh(targets: SshTarget[], path: string): Promise<number> {
  const folder = runFolder("eight-copies");
  const knownHosts = await writeKnownHosts(folder, targets);
  const copy = (target: SshTarget): Promise<string> =>
    sh(`nix copy --no-check-sigs --to ssh://root@127.0.0.1 ${path}`, {
      env: { ...nixEnvironment, NIX_REMOTE: "", NIX_SSHOPTS: sshOptions(target, knownHosts).join(" ") },
      timeoutSeconds: 300,
    });
  try {
    return (await timed(() => Promise.all(targets.map(copy)))).seconds;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireValid(target: SshTarget, path: string): Promise<void> {
  const shell = await connect(target);
  const { exitCode } = await shell.run(`nix-store --check-validity $(nix-store -qR ${path})`, {
    deadlineSeconds: 60,
  });
  shell.close();
  if (exitCode !== 0) throw new Error(`the copy to 127.0.0.1:${target.port} is not valid`);
}
