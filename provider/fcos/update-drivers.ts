import { quote } from "../core/quote";

const zincati = "zincati.service";
const rpmOstreeTimer = "rpm-ostreed-automatic.timer";
const bootcTimer = "bootc-fetch-apply-updates.timer";
const names: Readonly<Record<string, string>> = {
  [zincati]: "Zincati",
  [rpmOstreeTimer]: "rpm-ostree's automatic updates",
  [bootcTimer]: "bootc's automatic updates",
};

/**
 * `<unit> <state>` of those that we know, and of the one that told rpm-ostree that it drives; then what rpm-ostree's own
 * timer may do. Who is registered stands in a file in GVariant's binary form, in which texts are as they are.
 */
export const updateDriversScript = `for u in ${zincati} ${rpmOstreeTimer} ${bootcTimer} \\
  $(grep -aoE '[A-Za-z0-9@:_.-]+\\.(service|timer)' /run/rpm-ostree/update-driver.gv 2>/dev/null); do
  echo "$u $(systemctl show -P ActiveState "$u")"
done
echo "policy $(sed -n 's/^AutomaticUpdatePolicy *= *\\([a-z]*\\).*/\\1/p' /etc/rpm-ostreed.conf)"`;

export interface UpdateDriver {
  name: string;
  unit: string;
}

export function parseUpdateDrivers(text: string, registered: UpdateDriver | undefined): UpdateDriver[] {
  const states = new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const [unit = "", state = ""] = line.split(" ");
      return unit === "" ? [] : [[unit, state]];
    }),
  );
  const policy = states.get("policy") ?? "";
  states.delete("policy");
  // Without one of these the timer only looks.
  if (!["stage", "apply"].includes(policy)) states.delete(rpmOstreeTimer);
  return [...states].flatMap(([unit, state]) => {
    const isRegistered = unit === registered?.unit || names[unit] === undefined;
    if (!isAtWork(state, isRegistered)) return [];
    const name = unit === registered?.unit ? registered.name : names[unit];
    return [{ name: name === undefined ? unit : `${name} (${unit})`, unit }];
  });
}

/** rpm-ostree refuses a rebase also for a registered one that has failed: it may be started again at any time. */
function isAtWork(state: string, isRegistered: boolean): boolean {
  return ["active", "activating", "reloading"].includes(state) || (isRegistered && state === "failed");
}

export function maskUpdateDrivers(units: readonly string[]): string {
  const all = units.map(quote).join(" ");
  return `systemctl mask --now ${all} && { systemctl reset-failed ${all} 2>/dev/null || :; }`;
}

/** What masking has ended works again, and says so itself. */
export function unmaskUpdateDrivers(units: readonly string[]): string {
  const all = units.map(quote).join(" ");
  return `systemctl unmask ${all} && systemctl start ${all} || exit
for u in ${all}; do
  [ "$(systemctl is-enabled "$u" 2>/dev/null)" != masked ] || { echo "$u is still masked" >&2; exit 1; }
  systemctl is-active --quiet "$u" || { echo "$u is $(systemctl is-active "$u")" >&2; exit 1; }
done`;
}
