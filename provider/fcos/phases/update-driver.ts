import { HostError } from "../../core/errors";
import { bootedOf } from "../goal";
import { maskUpdateDrivers } from "../update-drivers";
import type { FcosPhase } from "../types";

/** Ends what would move the machine by itself; whether it may be ended, the program says and preflight asks. */
export const updateDriver: FcosPhase = {
  name: "update driver",
  deadlineSeconds: () => 180,
  isDone: (facts, { spec }) => facts.updateDrivers.length === 0 || spec.updateDriver === "fail",
  async run({ session, notes }, facts) {
    const { updateDrivers } = facts;
    // What is masked in the new system's /etc is left behind with it.
    if (bootedOf(facts)?.id === notes.before?.id) notes.masked = updateDrivers;
    const units = updateDrivers.map(({ unit }) => unit);
    const masked = await session.run(maskUpdateDrivers(units), { deadlineSeconds: 150 });
    if (masked.exitCode === 0) return;
    throw new HostError("command-failed", {
      what: "what updates the machine by itself could not be ended",
      expected: `systemctl mask --now ${units.join(" ")} to end with 0`,
      seen: masked.stderr.trim().split("\n").at(-1) || `exit code ${masked.exitCode}`,
      next: "end it on the host, then run pulumi up again",
    });
  },
  verify: ({ updateDrivers }, _context, before) =>
    updateDrivers.length === 0
      ? { proved: `${before.updateDrivers.map(({ name }) => name).join(", ")} is masked` }
      : {
          code: "command-failed",
          what: "what updates the machine by itself is still at work",
          expected: "no active update driver",
          seen: updateDrivers.map(({ name }) => name).join(", "),
          next: "end it on the host (`systemctl mask --now`), then run pulumi up again",
        },
};
