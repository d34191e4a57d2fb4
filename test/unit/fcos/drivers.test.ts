import { HostError } from "../../../provider/core/errors";
import { driverNamed } from "../../../provider/fcos/drivers/driver";
import { makeNext, pin, unpin } from "../../../provider/fcos/drivers/ostree";
import type { Pull } from "../../../provider/fcos/drivers/tool";
import type { DriverName } from "../../../provider/fcos/types";
import { changesOn, orderOn, putOrder, type Standing } from "./boot-order-stand-in";
import { hostSh, type HostSh } from "./host-sh";

jest.setTimeout(120_000);
let host: HostSh;
beforeEach(() => (host = hostSh()));
afterEach(() => host.remove());

const idOf = (letter: string): string => `${letter.repeat(64)}.0`;
const [a, b, c, d] = ["a", "b", "c", "d"].map(idOf) as [string, string, string, string];
const other = (id: string, kind: Standing["kind"] = "image"): Standing => ({ id, role: "other", kind });
const booted = (id: string, kind: Standing["kind"] = "image"): Standing => ({ id, role: "booted", kind });
const staged = (id: string): Standing => ({ id, role: "staged", kind: "image" });

function next(driver: DriverName, wanted: string, standing: Standing[], newer = true) {
  putOrder(host, standing, newer);
  return host.run(makeNext(driverNamed(driver), wanted));
}

describe("what the next boot starts", () => {
  test.each<[string, DriverName, string, Standing[], string[]]>([
    ["the rollback one", "rpm-ostree", b, [booted(a), other(b)], ["rpm-ostree rollback"]],
    ["the rollback one", "bootc", b, [booted(a), other(b)], ["bootc rollback"]],
    [
      "the running one after a rollback was queued",
      "rpm-ostree",
      a,
      [other(b), booted(a)],
      ["rpm-ostree rollback"],
    ],
    ["the running one after a rollback was queued", "bootc", a, [other(b), booted(a)], ["bootc rollback"]],
    ["the running one, which it is: a toggle would take the other", "bootc", a, [booted(a), other(b)], []],
    [
      "the running one instead of what is staged",
      "rpm-ostree",
      a,
      [staged(c), booted(a)],
      ["rpm-ostree cleanup -p"],
    ],
    [
      "the running one instead of what is staged",
      "bootc",
      a,
      [staged(c), booted(a)],
      ["ostree admin undeploy 0"],
    ],
    [
      "the rollback one instead of what is staged, which rpm-ostree refuses to do at once",
      "rpm-ostree",
      b,
      [staged(c), booted(a), other(b)],
      ["rpm-ostree cleanup -p", "rpm-ostree rollback"],
    ],
    [
      "the running one beside a pinned one, which rpm-ostree's rollback takes first",
      "rpm-ostree",
      a,
      [other(b), booted(a), other(c)],
      ["rpm-ostree rollback", "rpm-ostree rollback"],
    ],
    [
      "a system that no image made, which bootc's rollback refuses",
      "bootc",
      b,
      [booted(a), other(b, "ostree")],
      ["bootc rollback", "ostree admin set-default 1"],
    ],
  ])("%s (%s)", (_, driver, wanted, standing, changes) => {
    expect(next(driver, wanted, standing)).toMatchObject({ exitCode: 0 });
    expect(orderOn(host)[0]).toBe(wanted);
    expect(changesOn(host)).toEqual(changes);
  });

  /** Every place for the running one and for the wanted one among one to three. */
  const places = [1, 2, 3].flatMap((count) =>
    [a, b, c].slice(0, count).flatMap((running, _, ids) => ids.map((wanted) => ({ ids, running, wanted }))),
  );

  test.each<[DriverName, Standing["kind"], boolean]>([
    ["rpm-ostree", "image", true],
    ["rpm-ostree", "image", false],
    ["bootc", "image", true],
    ["bootc", "ostree", false],
  ])(
    "is always the wanted one, and nothing but what was staged is lost (%s, %s, staged: %s)",
    (driver, kind, isStaged) => {
      for (const { ids, running, wanted } of places) {
        const standing = ids.map((id) => (id === running ? booted(id, kind) : other(id, kind)));
        // Only bootc ever needs ostree's newer command.
        const newer = driver === "bootc";
        expect(next(driver, wanted, isStaged ? [staged(d), ...standing] : standing, newer)).toMatchObject({
          exitCode: 0,
        });
        expect(orderOn(host)[0]).toBe(wanted);
        expect(orderOn(host).sort()).toEqual(ids);
      }
    },
  );

  test("is told with the tool's words where an older ostree leaves no way", () => {
    const failed = next("bootc", b, [booted(a), other(b, "ostree")], false);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("Rollback is not container image based");
    expect(failed.stderr).toContain("Unknown command 'set-default'");
    expect(orderOn(host)[0]).toBe(a);
  });

  test("is nothing that the disk does not hold", () => {
    const failed = next("rpm-ostree", d, [staged(c), booted(a), other(b)]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain(`the disk holds no deployment ${d}: ${c} ${a} ${b}`);
    expect(changesOn(host)).toEqual([]);
  });
});

describe("pins", () => {
  test("go by the place that a deployment has now", () => {
    putOrder(host, [staged(c), booted(a), other(b)], true);
    expect(host.run(pin(a)).exitCode).toBe(0);
    expect(host.run(unpin(b)).exitCode).toBe(0);
    expect(changesOn(host)).toEqual(["ostree admin pin 1", "ostree admin pin --unpin 2"]);
  });

  test("of one that is gone: there is nothing to unpin, and nothing that could be pinned", () => {
    putOrder(host, [booted(a)], true);
    expect(host.run(unpin(d)).exitCode).toBe(0);
    expect(host.run(pin(d))).toMatchObject({ exitCode: 1 });
    expect(changesOn(host)).toEqual([]);
  });
});

describe("a pull", () => {
  const reference = `registry.example.org/fcos/web@sha256:${"1".repeat(64)}`;
  const order = (transport: Pull["transport"], remote?: string): Pull => ({ reference, transport, remote });

  test.each<[DriverName, Pull, string]>([
    [
      "rpm-ostree",
      order("unverified-registry"),
      `rpm-ostree rebase 'ostree-unverified-registry:${reference}'`,
    ],
    ["rpm-ostree", order("image-signed"), `rpm-ostree rebase 'ostree-image-signed:docker://${reference}'`],
    [
      "rpm-ostree",
      order("remote-registry", "fedora"),
      `rpm-ostree rebase 'ostree-remote-registry:fedora:${reference}'`,
    ],
    ["bootc", order("unverified-registry"), `bootc switch '${reference}'`],
    ["bootc", order("image-signed"), `bootc switch --enforce-container-sigpolicy '${reference}'`],
  ])("by %s, %j", (driver, wanted, script) => {
    expect(driverNamed(driver).pull(wanted)).toBe(script);
  });

  test("by bootc knows no ostree remote", () => {
    expect(() => driverNamed("bootc").pull(order("remote-registry", "fedora"))).toThrow(HostError);
  });
});

describe("kernel arguments", () => {
  const has =
    "root=LABEL=root rw quiet console=tty0 console=ttyS0,115200 note=* ostree=/ostree/boot.1/lab/1/0";
  const set = (wanted: { present: string[]; absent: string[] }): string =>
    driverNamed("rpm-ostree").kernelArguments?.(wanted) ?? "exit 9";

  function told(wanted: { present: string[]; absent: string[] }) {
    // Where the shell would take a value for a pattern.
    host.file("note=a file", "");
    host.tool(
      "rpm-ostree",
      `if [ "$*" = kargs ]; then echo '${has}'; else printf '%s\\n' "$@" > "$ROOT/told"; fi`,
    );
    const result = host.run(`cd ${host.root}\n: > told\n${set(wanted)}\ncode=$?; cat told; exit $code`);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    return result.stdout.split("\n").filter(Boolean);
  }

  test.each([
    [
      { present: ["mitigations=off", "a=b c"], absent: [] },
      ["--append-if-missing=mitigations=off", "--append-if-missing=a=b c"],
    ],
    [{ present: [], absent: ["quiet"] }, ["--delete-if-present=quiet"]],
    [
      { present: [], absent: ["console"] },
      ["--delete-if-present=console=tty0", "--delete-if-present=console=ttyS0,115200"],
    ],
    [{ present: [], absent: ["console=tty0"] }, ["--delete-if-present=console=tty0"]],
    [
      { present: ["x=$(id)'\"`"], absent: ["note"] },
      ["--append-if-missing=x=$(id)'\"`", "--delete-if-present=note=*"],
    ],
  ])("%j", (wanted, expected) => {
    expect(told(wanted)).toEqual(["kargs", ...expected]);
  });

  test("that are no longer there need no command", () => {
    expect(told({ present: [], absent: ["rhgb", "con", "root=LABEL"] })).toEqual([]);
  });

  test("are not guessed where the tool does not tell them", () => {
    host.tool("rpm-ostree", '[ $# -gt 1 ] || { echo "error: no" >&2; exit 1; }');
    expect(host.run(set({ present: ["a"], absent: ["b"] })).exitCode).toBe(1);
  });

  test("are none of bootc's business", () => {
    expect(driverNamed("bootc").kernelArguments).toBeUndefined();
  });
});
