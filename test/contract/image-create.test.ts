import { ImageStage, kernelRelease, password, signingKey } from "./image-support";
import { done, failed, parseError } from "./support";
import type { Props } from "./provider-process";

const stage = new ImageStage();
const create = (changes: Props = {}) => stage.provider.create(stage.inputs(changes));

test("resolve, build, inspect, push: the state says what was made, and the registry has it", async () => {
  const news = stage.inputs();
  const { id, props } = done(await stage.provider.create(news));
  const [ownTag = ""] = (props["tags"] as string[]).filter((tag) => tag !== "live");
  const { host } = stage.registry;
  expect(id).toBe(`${host}/fcos/web`);
  expect(props).toMatchObject({
    ...news,
    reference: `${host}/fcos/web@${String(props["digest"])}`,
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown,
    kernelRelease,
    published: true,
    ownTag,
    sizeBytes: 6000,
    initramfs: { path: `/usr/lib/modules/${kernelRelease}/initramfs.img`, sizeBytes: 20752291 },
    __stateVersion: 1,
  });
  expect((props["inspections"] as Props[]).length).toBeGreaterThan(9);
  expect((props["inspections"] as Props[]).map(({ verdict }) => verdict)).not.toContain("failed");
  expect(props["containerfile"]).toContain(
    `FROM ${host}/fcos/base@${String((news["base"] as Props)["digest"])}`,
  );
  expect(stage.pushed().sort()).toEqual([props["digest"], ownTag, "live"].sort());
  expect(await stage.provider.diff(id, props, news)).toEqual({ changes: "none", replaces: [] });
});

test("the password is in no argument, and in the state only where it was given", async () => {
  const { props } = done(await create());
  expect(JSON.stringify(await stage.calls())).not.toContain(password);
  expect(stage.provider.engine.lines.map(({ message }) => message).join("\n")).not.toContain(password);
  const { base, registry, ...rest } = props;
  expect([(base as Props)["password"], (registry as Props)["password"]]).toEqual([password, password]);
  expect(JSON.stringify(rest)).not.toContain(password);
});

test("each step is shown on the resource's row, and the row is left empty", async () => {
  await create();
  const { lines } = stage.provider.engine;
  const steps = lines
    .filter(({ ephemeral }) => ephemeral)
    .flatMap(({ message }) => /^\[\d\/\d\] [\w ]+/.exec(message) ?? []);
  expect([...new Set(steps)]).toEqual(expect.arrayContaining([expect.stringMatching(/^\[1\/\d\]/)]));
  expect(steps.some((step) => step.endsWith("build"))).toBe(true);
  expect(steps.some((step) => step.endsWith("inspect"))).toBe(true);
  expect(lines.filter(({ ephemeral }) => ephemeral).at(-1)?.message).toBe("");
});

test.each(["lab-no-initramfs", "lab-empty-initramfs", "lab-cut-initramfs", "lab-spoiled"])(
  "an image that would not boot is never pushed: %s",
  async (finished) => {
    await stage.plays({ finished });
    const { message } = failed(await create());
    expect(parseError(message)).toEqual({
      phase: "inspect",
      code: "inspection-failed",
      parts: ["expected", "seen", "next"],
    });
    expect(stage.pushed()).toEqual([]);
    expect(await stage.built()).not.toContain("push");
  },
);

test("another architecture than the base's", async () => {
  await stage.plays({ architecture: "arm64" });
  const { message } = failed(await create({ platform: "linux/amd64" }));
  expect(message).toMatch(/inspection-failed/);
  expect(stage.pushed()).toEqual([]);
});

test("a wrong password is found before anything is built", async () => {
  const { message } = failed(await create({ registry: stage.registryWith({ password: "wrong one" }) }));
  expect(parseError(message).code).toBe("login-refused");
  expect(message).not.toContain("wrong one");
  expect(await stage.calls()).toEqual([]);
});

test("a registry that does not answer is found before anything is built", async () => {
  const news = stage.inputs({ registry: stage.registryWith({ repository: "127.0.0.1:1/fcos/web" }) });
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message).code).toBe("unreachable");
  expect(await stage.calls()).toEqual([]);
});

test("an RPM of another hash is found before anything is built", async () => {
  const rpms = ((stage.inputs()["kernel"] as Props)["rpms"] as Props[]).map((each) => ({
    ...each,
    sha256: "0".repeat(64),
  }));
  const { message } = failed(await create({ kernel: { rpms } }));
  expect(message).toMatch(/kernel\.rpms\[0\]/);
  expect(await stage.calls()).toEqual([]);
});

test("a step that fails: which one, and the whole log, without the password", async () => {
  await stage.plays({ buildFails: `error: no space left on device\nhunting for ${password}` });
  const { message } = failed(await create());
  expect(parseError(message)).toMatchObject({ phase: "build", code: "build-failed" });
  expect(message).toContain("no space left on device");
  expect(message).toContain("STEP 1/");
  expect(message).not.toContain(password);
  expect(stage.pushed()).toEqual([]);
});

test("a base that cannot be pulled", async () => {
  await stage.plays({ pullFails: "Error: initializing source: reading manifest: manifest unknown" });
  const { message } = failed(await create());
  expect(message).toMatch(/^look into the base: base: /);
  expect(stage.pushed()).toEqual([]);
});

test("the builder's word for what it pushed is not enough", async () => {
  await stage.plays({ pushesAnother: `sha256:${"0".repeat(64)}` });
  const { message } = failed(await create());
  expect(parseError(message)).toMatchObject({ phase: "push", code: "push-failed" });
});

describe("a key for signing", () => {
  const sign = { privateKey: signingKey("one"), password: "opens the key" };

  test("the digest is signed; key and password are in no argument and no line", async () => {
    const news = stage.inputs({ sign });
    const { id, props } = done(await stage.provider.create(news));
    expect(stage.pushed()).toContain(`${String(props["digest"]).replace(":", "-")}.sig`);
    expect(props["signature"]).toMatch(/^sha256:[0-9a-f]{64}$/);
    const calls = JSON.stringify(await stage.calls());
    const lines = JSON.stringify(stage.provider.engine.lines);
    for (const secret of [sign.password, sign.privateKey.split("\n")[1] ?? ""]) {
      expect(calls).not.toContain(secret);
      expect(lines).not.toContain(secret);
    }
    expect((await stage.provider.diff(id, props, news)).changes).toBe("none");

    const another = { ...news, sign: { ...sign, privateKey: signingKey("two") } };
    await stage.forgetCalls();
    const { props: next } = done(await stage.provider.update(id, props, another));
    expect(next["digest"]).toBe(props["digest"]);
    expect(next["signature"]).not.toBe(props["signature"]);
    expect(await stage.built()).not.toContain("build");
  });

  test("a password that does not open it is an error, without the password", async () => {
    const { message } = failed(await create({ sign: { ...sign, password: "does not open it" } }));
    expect(parseError(message)).toMatchObject({ phase: "sign", code: "push-failed" });
    expect(message).not.toContain("does not open it");
  });
});
