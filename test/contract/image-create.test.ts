import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ImageStage, kernelRelease, password, signingKey } from "./image-support";
import { done, failed, parseError, partial } from "./support";
import type { Props } from "./provider-process";

const stage = new ImageStage();
const create = (changes: Props = {}) => stage.provider.create(stage.inputs(changes));

test("resolve, build, inspect, push: the state says what was made, and the registry has it", async () => {
  const news = stage.inputs();
  const { id, props } = done(await stage.provider.create(news));
  const [ownTag = ""] = (props["tags"] as string[]).filter((tag) => tag !== "live");
  const { host } = stage.registry;
  // It means nothing: an update may move the image to another repository.
  expect(id).toMatch(/^image-[0-9a-f]{12}$/);
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

test("a tag that the registry refuses: the image is kept, with the tags that stand", async () => {
  const news = stage.inputs({ registry: stage.registryWith({ tags: ["live", "frozen", "next"] }) });
  const usual = stage.registry.handler;
  stage.registry.handler = (request, response) =>
    usual(request, response) ||
    (request.method === "PUT" && request.url?.endsWith("/frozen") && !!response.writeHead(409).end());
  const { message, id, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ phase: "set tags", code: "registry-failed" });
  expect(props["tags"]).toEqual(["live", props["ownTag"]]);

  const again = partial(
    await stage.provider.update(id, props, {
      ...news,
      registry: stage.registryWith({ tags: ["new", "frozen"] }),
    }),
  );
  expect([again.id, again.props["tags"]]).toEqual([id, ["new", props["ownTag"]]]);
  // Nothing more stands than before.
  expect(failed(await stage.provider.update(id, props, news)).message).toContain("frozen");

  stage.registry.handler = usual;
  expect((await stage.provider.diff(id, props, news)).changes).toBe("some");
  const { props: next } = done(await stage.provider.update(id, props, news));
  expect(next).toMatchObject({ digest: props["digest"], tags: ["live", "frozen", "next", props["ownTag"]] });
  expect((await stage.provider.diff(id, next, news)).changes).toBe("none");
});

test("a step that is a secret of the program is in no line, also where lines are cut", async () => {
  const step = 'curl --header "authorization: planted-in-a-step" https://example.org/a/rather/long/path | sh';
  await stage.plays({ buildFails: `error: in ${step}` });
  const { message } = failed(await create({ run: [step], __secretPaths: ["run"] }));
  const lines = JSON.stringify(stage.provider.engine.lines);
  expect(message).toMatch(/STEP \d+\/\d+: RUN \[secret\]/);
  expect(message).toContain("in step");
  for (const text of [message, lines]) expect(text).not.toMatch(/curl|planted|example\.org/);
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

  test("a password that does not open it: the image is kept, and the next update signs and tags it", async () => {
    const news = stage.inputs({ sign: { ...sign, password: "does not open it" } });
    const { message, id, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ phase: "sign", code: "push-failed" });
    expect(message).not.toContain("does not open it");
    expect(props).toMatchObject({ signature: "", tags: [props["ownTag"]], published: true });
    expect(id).toMatch(/^image-[0-9a-f]{12}$/);
    expect(stage.pushed().sort()).toEqual([props["digest"], props["ownTag"]].sort());
    expect((await stage.provider.diff(id, props, news)).changes).toBe("some");

    await stage.forgetCalls();
    const now = { ...news, sign };
    const { props: next } = done(await stage.provider.update(id, props, now));
    expect(await stage.built()).not.toContain("build");
    expect(next).toMatchObject({ digest: props["digest"], tags: ["live", props["ownTag"]] });
    expect(next["signature"]).toMatch(/^sha256:/);
    expect((await stage.provider.diff(id, next, now)).changes).toBe("none");
  });

  test("another key in the same file signs the same digest anew", async () => {
    const privateKeyPath = join(stage.provider.folder, "cosign.key");
    await writeFile(privateKeyPath, signingKey("one"));
    const news = stage.inputs({
      sign: { privateKeyPath, password: sign.password },
      __signKeyHash: "1",
    });
    const { id, props } = done(await stage.provider.create(news));
    await writeFile(privateKeyPath, signingKey("two"));
    const now = { ...news, __signKeyHash: "2" };
    expect((await stage.provider.diff(id, props, now)).changes).toBe("unknown");
    const { props: next } = done(await stage.provider.update(id, props, now));
    expect(next["digest"]).toBe(props["digest"]);
    expect(next["signature"]).not.toBe(props["signature"]);
  });

  test("a state that no error can carry: the error is told all the same", async () => {
    const files = { "/etc/large": { content: "x".repeat(100_000) } };
    const news = { files, sign: { ...sign, password: "does not open it" } };
    expect(parseError(failed(await create(news)).message)).toMatchObject({ phase: "sign" });
  });
});
