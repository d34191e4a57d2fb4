import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBootcStatus } from "../../../provider/fcos/status-bootc";
import { parseRpmOstreeStatus } from "../../../provider/fcos/status-rpm-ostree";

// Printed by the lab's machine, whose `rpm-ostree` and `bootc` are stand-ins over the real libostree.
const recorded = (tool: string, state: string): string =>
  readFileSync(join(__dirname, "recorded", `${tool}-${state}.json`), "utf8");

test.each([
  "booted-and-rollback",
  "staged-locked-and-booted-and-rollback",
  "staged-and-booted-and-rollback-pinned",
])("both tools tell the same of one machine: %s", (state) => {
  const byRpmOstree = parseRpmOstreeStatus(recorded("rpm-ostree", state))?.deployments;
  const byBootc = parseBootcStatus(recorded("bootc", state), { ostree: new Map(), origins: new Map() });
  expect(byBootc?.deployments).toEqual(byRpmOstree);
  expect(byRpmOstree?.some(({ booted, digest }) => booted && digest.startsWith("sha256:"))).toBe(true);
});
