import { HostError, type ErrorCode } from "../core/errors";
import { quote } from "../core/quote";
import { checkScript, prepareScript, removeScript, type HostFile } from "./file-scripts";
import { keepTrying, type HostSession } from "./session";

export type { HostFile } from "./file-scripts";

export interface FilePlace {
  /** Below which folder: the new system's, or the running one's. */
  root: "" | "/mnt";
  deadlineSeconds: number;
  /** What a failure here means. */
  code: ErrorCode;
}

/**
 * Writes files and reads them back. Contents travel on stdin, so that no process list shows them; a folder on the way
 * that is a symlink is refused, because below /mnt it would lead into the installer.
 */
export async function writeFiles(
  session: HostSession,
  files: readonly HostFile[],
  place: FilePlace,
): Promise<void> {
  if (files.length === 0) return;
  const written = await session.run(prepareScript(place.root, files), place);
  if (written.exitCode !== 0) throw notWritten(files, place, written.stderr);
  for (const { path, from } of files) {
    if ("localPath" in from)
      await (await session.shell()).upload(from.localPath, `${place.root}${path}`, place);
  }
  await settleFiles(session, files, place, { names: false });
}

/** Gives every file its mode and owner, and compares what the host reads back. Names exist once users do. */
export async function settleFiles(
  session: HostSession,
  files: readonly HostFile[],
  place: FilePlace,
  owners: { names: boolean },
): Promise<void> {
  if (files.length === 0) return;
  const seen = await session.run(checkScript(place.root, files, owners.names), place);
  if (seen.exitCode !== 0) throw notWritten(files, place, seen.stderr);
  const lines = seen.stdout.trim().split("\n");
  for (const [index, file] of files.entries()) {
    const [mode, owner, wantedOwner, size, sha256] = (lines[index] ?? "").split(" ");
    const proofs: [boolean, string, string][] = [
      [mode === file.mode, `mode ${file.mode}`, `mode ${mode || "unknown"}`],
      [
        owner !== undefined && owner === wantedOwner,
        `owner ${wantedOwner ?? file.owner}`,
        `owner ${owner ?? "unknown"}`,
      ],
      [size === String(file.size), `${file.size} bytes`, `${size ?? "unknown"} bytes`],
      [sha256 === file.sha256, "the content that was sent", "another content"],
    ];
    const failed = proofs.filter(([fine]) => !fine);
    if (failed.length === 0) continue;
    throw new HostError(place.code, {
      what: `${file.property}: ${place.root}${file.path} is not what was declared`,
      expected: failed.map(([, expected]) => expected).join(", "),
      seen: failed.map(([, , observed]) => observed).join(", "),
      next: "if the system's own activation writes this file, take it out of the program; then run pulumi up again",
    });
  }
}

/** Removes files that must not stay, and believes it when the host has looked for them. */
export async function removeFiles(session: HostSession, paths: readonly string[]): Promise<void> {
  const outcome = await keepTrying(
    60,
    async () => {
      const gone = await session.run(removeScript(paths), { deadlineSeconds: 15 });
      return gone.exitCode === 0 && gone.stdout.trim() === "gone" ? true : undefined;
    },
    () => undefined,
  );
  if (outcome.result) return;
  throw new HostError("command-failed", {
    what: `the keys may still lie in the installer's RAM: ${paths.join(", ")}`,
    expected: "none of them on the host",
    seen: outcome.last?.details.what ?? "they are still there",
    next: `run \`rm ${paths.map(quote).join(" ")}\` in the installer, or reboot it; then run pulumi up again`,
  });
}

function notWritten(files: readonly HostFile[], place: FilePlace, stderr: string): HostError {
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  const file = files.find(({ path }) => reason.includes(`${place.root}${path}`));
  return new HostError(place.code, {
    what: `${file?.property ?? files.map(({ property }) => property).join(", ")} could not be written on the host`,
    expected: `every file below ${place.root || "/"}, read back`,
    seen: reason || "no reason was given",
    next: / has no (user|group) /.test(reason)
      ? "give the owner's number: a system with systemd.sysusers or userborn makes its users at boot, and names are looked up before; then run pulumi up again: it goes on here"
      : "correct what is named, then run pulumi up again: it goes on here",
  });
}
