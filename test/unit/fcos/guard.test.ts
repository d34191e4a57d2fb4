import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { armGuard, disarmGuard, guardProbe, holdGuard, parseGuard } from "../../../provider/fcos/guard";
import { parseSections } from "../../../provider/host/probe";
import { newOne, noGuard, oldOne } from "../support/fcos-facts";
import { until } from "../support/until";
import { orderOn, putOrder } from "./boot-order-stand-in";
import { hostSh, type HostSh } from "./host-sh";

// The guard's own sh, run for real on stand-ins for the host's tools: who decides about a machine that nobody reaches.
const [target, previous] = [newOne(), oldOne()];
const folder = "var/lib/pulumi-immutable-os/guard";
const units = `ostree/deploy/fedora-coreos/deploy/${target.id}/etc/systemd/system`;
let host: HostSh;

beforeEach(() => {
  host = hostSh();
  putOrder(
    host,
    [
      { id: target.id, role: "booted", kind: "image" },
      { id: previous.id, role: "other", kind: "image" },
    ],
    true,
  );
  host.tool("unshare", 'shift; exec "$@"');
  host.tool("mount", 'echo "mount $*" >> "$ROOT/tools"');
  host.tool(
    "systemctl",
    'case $1 in is-active) [ -e "$ROOT/at-work" ] ;; *) echo "systemctl $*" >> "$ROOT/tools" ;; esac',
  );
  host.tool("sync", ":");
  host.tool("sleep", 'command -p sleep 0.05; echo x >> "$ROOT/slept"');
  host.file(`${units}/keep`, "");
  up(10);
});
afterEach(() => host.remove());

function up(seconds: number): void {
  host.file("proc/uptime", `${seconds}.42 1.00\n`);
}
const read = (path: string): string => readFileSync(join(host.root, path), "utf8");
const has = (path: string): boolean => existsSync(join(host.root, path));
const seen = () => parseGuard(parseSections(host.run(guardProbe).stdout));
const rebooted = (): boolean => has("tools") && read("tools").includes("systemctl reboot");
const arm = (): void => {
  const armed = host.run(armGuard(target, previous, 600));
  expect(armed).toMatchObject({ exitCode: 0, stderr: "" });
};

/** The unit of the new deployment, as systemd starts it. */
function start(): Promise<number | null> {
  writeFileSync(join(host.root, "guard.sh"), host.moved(read(`${folder}/guard.sh`)));
  writeFileSync(join(host.root, folder, "go-back.sh"), host.moved(read(`${folder}/go-back.sh`)));
  const guard = spawn("sh", [join(host.root, "guard.sh")], { env: host.env, stdio: "ignore" });
  return new Promise((resolve) => guard.on("close", resolve));
}
const slept = (): Promise<void> => until("it sleeps", () => has("slept") && read("slept").length > 6);

test("it is armed for one deployment, in that one's own /etc, which a shell in this boot does not see", () => {
  arm();
  expect(seen()).toEqual({ ...noGuard, armedFor: target.id, previous: previous.id });
  for (const wants of ["sysinit", "emergency"])
    expect(has(`${units}/${wants}.target.wants/pulumi-immutable-os-guard.service`)).toBe(true);
  expect(read(`${units}/pulumi-immutable-os-guard.service`)).toContain("IgnoreOnIsolate=yes");
  expect(has("etc/systemd")).toBe(false);
});

test("a file without a unit in the deployment is no guard", () => {
  arm();
  host.run(`rm ${join(host.root, units)}/*.service`);
  expect(seen().armedFor).toBe("");
});

test("nobody came: it goes back once, notes what it did, and reboots", async () => {
  arm();
  up(600);
  expect(await start()).toBe(0);
  expect(orderOn(host)).toEqual([previous.id, target.id]);
  expect(rebooted()).toBe(true);
  expect(seen().rolledBack).toMatch(new RegExp(`^${target.id} ${previous.id} \\d{4}-\\d\\d-\\d\\dT`));
  // Once: whoever boots it again by hand keeps it.
  host.run(`rm ${host.root}/tools`);
  expect(await start()).toBe(0);
  expect(rebooted()).toBe(false);
});

test("it waits for its time, and ends at once when it is disarmed", async () => {
  arm();
  const ended = start();
  await slept();
  expect(host.run(disarmGuard)).toMatchObject({ stdout: "gone\n", stderr: "" });
  up(9999);
  expect(await ended).toBe(0);
  expect(rebooted()).toBe(false);
  expect(orderOn(host)[0]).toBe(target.id);
  expect(seen()).toEqual(noGuard);
  expect(has(`${units}/pulumi-immutable-os-guard.service`)).toBe(false);
  expect(has(`${units}/emergency.target.wants`)).toBe(false);
  expect(has(`${units}/keep`)).toBe(true);
});

test("a client that is at work is waited for, as long as it asked for", async () => {
  arm();
  expect(host.run(holdGuard(1000)).stdout).toBe("held\n");
  up(1005);
  const ended = start();
  await slept();
  expect(rebooted()).toBe(false);
  up(1010);
  await ended;
  expect(rebooted()).toBe(true);
});

test("in any other deployment it does nothing", async () => {
  arm();
  putOrder(
    host,
    [
      { id: previous.id, role: "booted", kind: "image" },
      { id: target.id, role: "other", kind: "image" },
    ],
    true,
  );
  // At once, and when its time has come.
  expect(await start()).toBe(0);
  up(9999);
  expect(await start()).toBe(0);
  expect(rebooted()).toBe(false);
  expect(seen().armedFor).toBe(target.id);
});

const fire = (): void => {
  arm();
  host.run(`mv ${host.root}/${folder}/armed ${host.root}/${folder}/firing`);
};

test("once it acts, nobody disarms or holds it any more: the machine is on its way", () => {
  fire();
  host.file("at-work", "");
  expect(host.run(holdGuard(10)).stdout).toBe("firing\n");
  expect(host.run(disarmGuard).stdout).toBe("firing\n");
  expect(seen()).toMatchObject({ armedFor: "", firing: true });
  expect(has(`${units}/pulumi-immutable-os-guard.service`)).toBe(true);
});

test("cut off on its way, by a power cut, it acts no more: it blocks nobody, and is told once", () => {
  fire();
  expect(seen()).toMatchObject({ armedFor: "", firing: false });
  expect(host.run(holdGuard(10)).stdout).toBe("stale\n");
  expect(host.run(holdGuard(10)).stdout).toBe("none\n");
  fire();
  expect(host.run(disarmGuard).stdout).toBe("stale\ngone\n");
  expect(has(folder)).toBe(false);
  expect(has(`${units}/pulumi-immutable-os-guard.service`)).toBe(false);
});

test("at its end between two looks it is on its way all the same", () => {
  fire();
  host.tool("systemctl", `rm -f "$ROOT/${folder}/firing"; exit 3`);
  expect(host.run(holdGuard(10)).stdout).toBe("firing\n");
});

test("a hold that cannot be written is told: the guard would not wait", () => {
  arm();
  host.run(`mkdir ${host.root}/${folder}/held.tmp`);
  expect(host.run(holdGuard(10)).stdout).toBe("unwritten\n");
});

test("a part of a second is no number to a shell: it counts as a whole one", async () => {
  expect(host.run(armGuard(target, previous, 599.5))).toMatchObject({ exitCode: 0, stderr: "" });
  expect(host.run(holdGuard(600.5)).stdout).toBe("held\n");
  up(611);
  expect(await start()).toBe(0);
  expect(rebooted()).toBe(true);
});

test("where it cannot go back it stays, says why, and does not try again", async () => {
  putOrder(host, [{ id: target.id, role: "booted", kind: "image" }], true);
  arm();
  up(600);
  expect(await start()).toBe(1);
  expect(rebooted()).toBe(false);
  expect(seen().rolledBack).toMatch(/ failed .*holds no deployment/);
  expect(seen()).toMatchObject({ armedFor: "", firing: false });
});

test("where there is none, there is nothing to hold or to disarm", () => {
  expect(host.run(holdGuard(10)).stdout).toBe("none\n");
  expect(host.run(disarmGuard).stdout).toBe("gone\n");
});
