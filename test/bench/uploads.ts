import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { runFolder } from "../lab/cache";
import { kexecBundle } from "../lab/kexec-bundle";
import { quote, sh } from "../lab/shell";
import { mebibytes, ratio, seconds, timed, type Figure } from "./figures";
import { connect, sshOptions, writeKnownHosts, type SshTarget } from "./ssh-target";

const remoteFile = "/root/upload-of-the-benchmark";

/** The bundle into a host, by our transport and by `ssh host 'cat > file'`, in turns; each with its own login. */
export async function measureUploads(target: SshTarget, where: string, runs: number): Promise<Figure> {
  const { path } = await kexecBundle();
  const { size } = statSync(path);
  const folder = runFolder("uploads");
  const knownHosts = await writeKnownHosts(folder, [target]);
  const [ours, theirs, alone]: number[][] = [[], [], []];
  try {
    for (let run = 0; run < runs; run++) {
      ours!.push((await timed(async () => alone!.push(await byTransport(target, path)))).seconds);
      await requireArrived(target, size);
      const command = `ssh ${sshOptions(target, knownHosts).map(quote).join(" ")} root@127.0.0.1`;
      theirs!.push((await timed(() => sh(`${command} 'cat > ${remoteFile}' < ${quote(path)}`))).seconds);
      await requireArrived(target, size);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    what: `Upload of the bundle (${mebibytes(size)}) ${where}`,
    measured: `**${ratio(ours!, theirs!)}** = ${seconds(ours!)} / ${seconds(theirs!)}`,
    aim: "≤ 1.0",
    how: `ours / \`ssh host 'cat >'\`, in turns, both from login to the last byte; ours without the login ${seconds(alone!)}`,
  };
}

/** Seconds of the upload alone. */
async function byTransport(target: SshTarget, path: string): Promise<number> {
  const shell = await connect(target);
  try {
    return (await timed(() => shell.upload(path, remoteFile, { deadlineSeconds: 300 }))).seconds;
  } finally {
    shell.close();
    await shell.closed;
  }
}

async function requireArrived(target: SshTarget, size: number): Promise<void> {
  const shell = await connect(target);
  const { stdout } = await shell.run(`wc -c < ${remoteFile}; rm ${remoteFile}`, { deadlineSeconds: 60 });
  shell.close();
  if (Number(stdout.trim()) !== size) throw new Error(`${stdout.trim()} of ${size} bytes arrived`);
}
