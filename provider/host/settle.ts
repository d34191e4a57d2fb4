import type { HostSession } from "./session";

/** Units that a fresh boot still starts are no failures: wait for the end of the start, not longer than a minute. */
export async function settle(session: Pick<HostSession, "run">): Promise<void> {
  await session.run("[ -d /run/systemd/system ] && timeout 60 systemctl is-system-running --wait", {
    deadlineSeconds: 90,
  });
}
