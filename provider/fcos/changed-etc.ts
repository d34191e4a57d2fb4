import { isGuardFile } from "./guard";
import { whyTheMachinesOwn } from "./machines-own-etc";

/**
 * Lines of `ostree admin config-diff`, `M    ssh/sshd_config`, as `M /etc/ssh/sshd_config`; only what was asked for. A file
 * that the image does not have is no change of what it has: it counts where it was asked for by its own path.
 */
export function parseChangedEtc(
  text: string,
  asked: readonly string[],
  registeredDriver: string | undefined,
): string[] {
  return text.split("\n").flatMap((line) => {
    const [, kind = "", path = ""] = /^([MAD]) +(.+)$/.exec(line) ?? [];
    const full = `/etc/${path}`;
    if (
      path === "" ||
      isGuardFile(full) ||
      isMask(path, registeredDriver) ||
      whyTheMachinesOwn(full) !== undefined ||
      !asked.some((wanted) => concerns(full, kind, wanted))
    )
      return [];
    return [`${kind} ${full}`];
  });
}

/** Of a folder that is gone as a whole, only the folder is told. */
function concerns(path: string, kind: string, wanted: string): boolean {
  if (path === wanted) return true;
  if (kind === "A") return false;
  return path.startsWith(`${wanted}/`) || (kind === "D" && wanted.startsWith(`${path}/`));
}

/** The links by which a run keeps those quiet that update the machine by themselves. */
function isMask(path: string, registeredDriver: string | undefined): boolean {
  const unit = /^systemd\/system\/([^/]+)$/.exec(path)?.[1];
  return unit !== undefined && (unit === registeredDriver || isKnownDriver(unit));
}

function isKnownDriver(unit: string): boolean {
  return /^(zincati\.service|(rpm-ostreed-automatic|bootc-fetch-apply-updates)\.timer)$/.test(unit);
}
