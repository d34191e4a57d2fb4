import { isGuardFile } from "./guard";

/** Lines of `ostree admin config-diff`, `M    ssh/sshd_config`, as `M /etc/ssh/sshd_config`; only what was asked for. */
export function parseChangedEtc(text: string, asked: readonly string[]): string[] {
  return text.split("\n").flatMap((line) => {
    const [, kind = "", path = ""] = /^([MAD]) +(.+)$/.exec(line) ?? [];
    const full = `/etc/${path}`;
    if (
      path === "" ||
      isGuardFile(full) ||
      isMask(path) ||
      !asked.some((wanted) => concerns(full, kind, wanted))
    )
      return [];
    return [`${kind} ${full}`];
  });
}

/** Of a folder that is gone as a whole, only the folder is told. */
function concerns(path: string, kind: string, wanted: string): boolean {
  return path === wanted || path.startsWith(`${wanted}/`) || (kind === "D" && wanted.startsWith(`${path}/`));
}

/** The links by which a run keeps those quiet that update the machine by themselves. */
function isMask(path: string): boolean {
  return /^systemd\/system\/(zincati\.service|(rpm-ostreed-automatic|bootc-fetch-apply-updates)\.timer)$/.test(
    path,
  );
}
