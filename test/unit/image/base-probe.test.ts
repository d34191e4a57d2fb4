import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { baseProbeScript, parseBaseFacts } from "../../../provider/image/base-probe";
import { parseSections, text } from "../../../provider/host/probe";
import { wholeScript } from "../../../provider/image/image-look";
import { baseFacts, config, lookAt, looksFolder } from "../support/image-looks";

test("every sample says whether it was recorded", () => {
  const names = readdirSync(looksFolder);
  const origins = names.map((name) => lookAt(name.replace(".txt", "")).split("\n", 1)[0]);
  for (const origin of origins) {
    expect(origin).toMatch(
      /^# (recorded on |hand-made after public documentation, not recorded on a real system$)/,
    );
  }
});

test("the lab's base, recorded", () => {
  const facts = baseFacts();
  expect(facts).toMatchObject({
    osRelease: { id: "debian", versionId: "12", name: "Debian GNU/Linux 12 (bookworm)" },
    architecture: "x86_64",
    packageManager: "rpm-ostree",
    hasOstreeContainer: true,
    hasBootc: false,
    kernelInstallLayout: "",
    isCliwrapped: false,
    dracut: "/usr/bin/dracut",
    kernelReleases: ["6.1.0-50-cloud-amd64"],
    initramfs: { sizeBytes: 19459658, dracutModules: expect.arrayContaining(["ostree", "systemd"]) },
  });
  expect(facts.kernelPackages).toEqual(
    ["kernel", "kernel-core", "kernel-modules"].map((name) => ({
      name,
      versionReleaseArch: "6.1.176-1.x86_64",
    })),
  );
  expect(facts.initramfs?.dracutModules).toHaveLength(21);
  expect(facts.topLevel).toContainEqual({ name: "opt", kind: "link", detail: "var/opt" });
});

test.each([
  [
    "base-fcos-42",
    { packageManager: "rpm-ostree", kernelInstallLayout: "ostree", dracut: "/usr/bin/dracut" },
  ],
  [
    "base-scos-cliwrap",
    { packageManager: "rpm-ostree", isCliwrapped: true, dracut: "/usr/libexec/rpm-ostree/wrapped/dracut" },
  ],
  ["base-fedora-bootc-dnf", { packageManager: "dnf", hasBootc: true, hasOstreeContainer: true }],
] as const)("%s", (name, expected) => expect(baseFacts(name)).toMatchObject(expected));

describe("a base in which no kernel can be replaced", () => {
  const without = (section: string, content = ""): string =>
    lookAt("base-fcos-42").replace(
      new RegExp(`(@@begin ${section}\n)[^@]*(\n@@end)`),
      (_, begin: string, end: string) => `${begin}${content}\n${end}`,
    );

  test.each([
    ["no package manager", "tools", "no rpm-ostree or dnf, has dracut"],
    ["no dracut", "has-dracut", "has rpm-ostree or dnf, no dracut"],
  ])("is refused: %s", (_, section, seen) => {
    expect(() => parseBaseFacts(without(section), config())).toThrow(
      expect.objectContaining({
        code: "bad-input",
        details: expect.objectContaining({ seen: `Fedora CoreOS 42.20250512.3.0: ${seen}` }),
      }) as Error,
    );
  });

  test("a wrapper in the place of the real dracut is not called the real one", () => {
    expect(parseBaseFacts(without("cliwrap", "wrapped"), config()).dracut).toBe("/usr/bin/dracut");
  });

  test("what is missing is empty, and not guessed", () => {
    expect(parseBaseFacts(without("initramfs"), config()).initramfs).toBeUndefined();
    expect(parseBaseFacts(without("kernel-packages"), config()).kernelPackages).toEqual([]);
    expect(parseBaseFacts(without("lsinitrd"), config()).initramfs?.dracutModules).toEqual([]);
  });

  test("what bootc says of the base itself is kept, to be told from what it says of the image", () => {
    expect(baseFacts("base-fcos-42").lint).toBeUndefined();
    const said = "@@begin bootc-lint\n1\nLint error: x\n\n@@end bootc-lint\n@@begin top-level";
    const look = lookAt("base-fcos-42").replace("@@begin top-level", said);
    expect(parseBaseFacts(look, config()).lint).toEqual({ exitCode: 1, output: "Lint error: x" });
  });

  test("a look that was cut off is no look", () => {
    const half = lookAt("base-fcos-42").slice(0, -30);
    expect(() => parseBaseFacts(half, config())).toThrow("the look into the base did not come to its end");
    expect(() => parseBaseFacts("exec format error", config())).toThrow("did not come to its end");
  });
});

/** Every shell of this machine that an image may have as its /bin/sh. */
const shells = [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program]) => spawnSync(program as string, ["-c", "true"]).error === undefined || program === "sh",
);

test.each(shells.map((shell) => [shell.join(" "), shell] as const))(
  "in %s no program in a script takes what follows it on stdin",
  (_, [program = "", ...options]) => {
    const input = `${wholeScript(["cat", "echo first"])}echo second\n`;
    const { stdout } = spawnSync(program, [...options, "-s"], { input, encoding: "utf8" });
    expect(stdout).toBe("first\nsecond\n");
  },
);

test.each(shells.map((shell) => [shell.join(" "), shell] as const))(
  "the probe runs in %s, from stdin, and says what this machine says by other means",
  (_, [program = "", ...options]) => {
    const run = spawnSync(program, [...options, "-s"], { input: baseProbeScript, encoding: "utf8" });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
    const sections = parseSections(run.stdout);
    expect(text(sections, "os-release")).toBe(
      execFileSync("cat", ["/etc/os-release"], { encoding: "utf8" }).trimEnd(),
    );
    expect(text(sections, "top-level").split("\n")).toEqual(
      expect.arrayContaining(["folder|etc|", "folder|usr|", "folder|proc|"]),
    );
    expect([...sections.keys()].at(-1)).toBe("top-level");
  },
);
