// A stand-in for what `ostree`, `rpm-ostree` and `bootc` do to the order of deployments, by their sources: lines of
// `<id> <booted|staged|other> <image|ostree>` in a file.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HostSh } from "./host-sh";

export interface Standing {
  id: string;
  role: "booted" | "staged" | "other";
  kind: "image" | "ostree";
}

const read =
  '{ id[NR]=$1; role[NR]=$2; kind[NR]=$3; line[NR]=$0; if ($2 == "booted") b=NR; if ($2 == "staged") s=NR }';
const keep = (program: string): string =>
  `awk '${read} END { ${program} }' "$ROOT/order" > "$ROOT/order.new" || exit 1
mv "$ROOT/order.new" "$ROOT/order"
grep -q staged "$ROOT/order" || rm -f "$ROOT/run/ostree/staged-deployment"`;
const refuse = (words: string): string => `{ print "error: ${words}" > "/dev/stderr"; exit 1 }`;
const firstThenOthers = (first: string): string =>
  `print line[${first}]; for (i=1; i<=NR; i++) if (i != ${first}) print line[i]`;

/** libostree's query_deployments_for: pending before the booted one, rollback after it. */
const rpmOstree = `echo "rpm-ostree $*" >> "$ROOT/calls"
case "$*" in
rollback)
  ${keep(`if (s) ${refuse("Staged deployment (remove with cleanup -p)")}
    rb = b < NR ? b+1 : 0
    if (!rb && b == 1) ${refuse("No rollback deployment found")}
    if (!rb) rb = b
    ${firstThenOthers("rb")}`)} ;;
"cleanup -p")
  ${keep("for (i=1; i<=NR; i++) if (i >= b || i > 1) print line[i]")} ;;
*) exit 64 ;;
esac`;

/** A toggle, which drops what is staged and takes only what an image made. */
const bootc = `echo "bootc $*" >> "$ROOT/calls"
case "$*" in
rollback)
  ${keep(`rb = 0
    for (i=NR; i>0; i--) if (i != b && i != s) rb = i
    if (!rb) ${refuse("Rollback: No rollback available")}
    if (kind[rb] != "image") ${refuse("Rollback: Rollback is not container image based")}
    if (rb < b) { print line[b]; print line[rb] } else { print line[rb]; print line[b] }
    for (i=1; i<=NR; i++) if (i != b && i != s && i != rb) print line[i]`)} ;;
*) exit 64 ;;
esac`;

const ostree = (newer: boolean): string => `echo "ostree $*" >> "$ROOT/calls"
case "$*" in
"admin status")
  awk '{ mark = $2 == "booted" ? "*" : " "; end = $2 == "staged" ? " (staged)" : ""
    print mark " lab " $1 end; print "    Version: lab"; print "    origin: <unknown origin type>" }' "$ROOT/order" ;;
"admin undeploy 0")
  ${keep(`if (b == 1) ${refuse("Cannot undeploy currently booted deployment 0")}
    for (i=2; i<=NR; i++) print line[i]`)} ;;
"admin set-default "[0-9]*)
  ${newer ? keep(`n = ${"'\"$3\"'"}+1; ${firstThenOthers("n")}`) : "echo \"error: Unknown command 'set-default'\" >&2; exit 1"} ;;
"admin pin "*) ;;
*) exit 64 ;;
esac`;

/** `newer`: ostree has `admin set-default`. */
export function putOrder(host: HostSh, standing: readonly Standing[], newer: boolean): void {
  host.file("order", standing.map(({ id, role, kind }) => `${id} ${role} ${kind}\n`).join(""));
  if (standing.some(({ role }) => role === "staged")) host.file("run/ostree/staged-deployment", "x");
  else rmSync(join(host.root, "run/ostree/staged-deployment"), { force: true });
  rmSync(join(host.root, "calls"), { force: true });
  host.tool("rpm-ostree", rpmOstree);
  host.tool("bootc", bootc);
  host.tool("ostree", ostree(newer));
}

export function orderOn(host: HostSh): string[] {
  return readFileSync(join(host.root, "order"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ")[0] ?? "");
}

export function changesOn(host: HostSh): string[] {
  const file = join(host.root, "calls");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((call) => call !== "" && call !== "ostree admin status");
}
