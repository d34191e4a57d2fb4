import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { hostProbe, parseHostFacts } from "../../../provider/host/facts";
import { parseSections, section, text } from "../../../provider/host/probe";
import { nixosProbe, parseNixosFacts } from "../../../provider/nixos/facts";
import { alpha } from "../support/builders";

/** Every shell of this machine that some host may have as its /bin/sh. */
const shells = [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program]) => spawnSync(program as string, ["-c", "true"]).error === undefined || program === "sh",
);

function runIn(shell: string[], script: string): string {
  return execFileSync(shell[0] as string, shell.slice(1), { input: script, encoding: "utf8" });
}

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("in %s", (_, shell) => {
  const sectionOf = (script: string): string => text(parseSections(runIn(shell, section("s", script))), "s");

  test.each([
    ["text", "echo one; echo two", "one\ntwo"],
    ["no line end", "printf one", "one"],
    ["a failing command", "false", ""],
    ["a missing program", "no-such-program-of-anybody", ""],
    ["stderr", "echo words >&2; echo out", "out"],
    ["blank lines inside", "echo one; echo; echo two", "one\n\ntwo"],
    ["what looks like the end of another section", "echo '@@end other'", "@@end other"],
  ])("a section of %s", (__, script, expected) => expect(sectionOf(script)).toBe(expected));

  test("one broken section leaves the next ones whole", () => {
    const script = [section("a", "echo a"), section("b", "cat /no/such/file"), section("c", "echo c")].join(
      "\n",
    );
    expect([...parseSections(runIn(shell, script))]).toEqual([
      ["a", "a"],
      ["b", ""],
      ["c", "c"],
    ]);
  });

  test("the whole probe of this machine says what this machine says by other means", () => {
    const output = runIn(
      shell,
      nixosProbe({ toplevel: alpha, devices: ["/dev/null", "/dev/no such disk's"] }),
    );
    const facts = parseNixosFacts(output);
    expect(facts.bootId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(facts.kernelRelease).toBe(execFileSync("uname", ["-r"], { encoding: "utf8" }).trim());
    expect(facts.architecture).toBe(execFileSync("uname", ["-m"], { encoding: "utf8" }).trim());
    expect(facts.uid).toBe(process.getuid?.());
    expect(facts.osRelease.id).not.toBe("");
    expect(facts.memoryKiB).toBeGreaterThan(100 * 1024);
    expect(facts.mounts.map((mount) => mount.target)).toContain("/");
    expect(facts.devices).toEqual({});
    expect(facts.live.hasWanted).toBe(false);
    expect(facts.receipt).toBeUndefined();
  });

  test("a probe whose commands fail says nothing beside its sections", () => {
    const script = section("s", "echo words >&2; no-such-program-of-anybody");
    const { stderr } = spawnSync(shell[0] as string, shell.slice(1), { input: script, encoding: "utf8" });
    expect(stderr).toBe("");
  });

  test("free space, missing tools and block devices are answered for what was asked", () => {
    const disk = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0"].find(
      (path) => statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false,
    );
    const question = {
      devices: disk ? [disk] : [],
      tools: ["sh", "no-such-tool"],
      freeSpaceOf: ["/", "/tmp"],
    };
    const facts = parseHostFacts(parseSections(runIn(shell, hostProbe(question))));
    expect(facts.missingTools).toEqual(["no-such-tool"]);
    expect(Object.keys(facts.freeKiB)).toEqual(["/", "/tmp"]);
    expect(facts.freeKiB["/"]).toBeGreaterThan(0);
    expect(facts.devices).toEqual(disk ? { [disk]: disk } : {});
  });
});

test("what a chatty login prints around the sections is no part of them", () => {
  const output = `Welcome!\n${"@@begin a\none\n\n@@end a\n"}noise\n@@begin b\ntwo\n\n@@end b\nbye`;
  expect([...parseSections(output)]).toEqual([
    ["a", "one"],
    ["b", "two"],
  ]);
});

test("a probe that was cut off gives no half sections", () => {
  expect([...parseSections("@@begin a\none\n\n@@end a\n@@begin b\ntw")]).toEqual([["a", "one"]]);
  expect(text(parseSections(""), "a")).toBe("");
});
