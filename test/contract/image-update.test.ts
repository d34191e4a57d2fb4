import { ImageStage, kernelRelease } from "./image-support";
import { done, failed, parseError } from "./support";
import type { Diff, Props, Result } from "./provider-process";

const stage = new ImageStage();
let id: string;
let news: Props;
let props: Props;

let made: { id: string; props: Props };

/** An image that was built and pushed. */
beforeAll(async () => {
  made = done(await stage.provider.create(stage.inputs()));
  stage.keepContent();
});
beforeEach(() => {
  news = stage.inputs();
  ({ id, props } = made);
});

const diff = (now: Props, state = props): Promise<Diff> => stage.provider.diff(id, state, now);
const update = (now: Props, state = props): Promise<Result> => stage.provider.update(id, state, now);
const read = (): ReturnType<typeof stage.provider.read> => stage.provider.read(id, props);
const digest = (): string => String(props["digest"]);

describe("a change", () => {
  test("none: nothing is said, nothing is asked", async () => {
    expect(await diff(news)).toEqual({ changes: "none", replaces: [] });
    expect(stage.said()).toEqual([]);
  });

  test("what is in the image: said as a build with a reboot, built, and the earlier digest kept by its tag", async () => {
    const now = { ...news, run: ["systemctl enable sshd"] };
    expect(await diff(now)).toEqual({ changes: "unknown", replaces: [] });
    expect(stage.said()).toEqual([
      expect.stringMatching(
        /^run changed; BUILD of .*: kernel 6\.12\.107\+deb13-cloud-amd64, on base sha256:/,
      ),
      expect.stringMatching(/its machines reboot$/),
    ]);
    expect(await stage.built()).toEqual([]);
    const { props: next } = done(await update(now));
    expect(next["digest"]).not.toBe(digest());
    expect(next).toMatchObject({ run: now.run, published: true, kernelRelease });
    expect(String(next["containerfile"])).toContain("systemctl enable sshd");
    expect(stage.pushed()).toEqual(
      expect.arrayContaining([digest(), props["ownTag"], next["digest"], next["ownTag"]]),
    );
    expect(await diff(now, next)).toEqual({ changes: "none", replaces: [] });
  });

  test("tags alone: set on the same digest, without a builder", async () => {
    const now = { ...news, registry: stage.registryWith({ tags: ["live", "next"] }) };
    expect(await diff(now)).toEqual({ changes: "unknown", replaces: [] });
    expect(stage.said()).toEqual([
      expect.stringMatching(/^nothing is built: /),
      "set on the same digest: the tags next",
    ]);
    const { props: next } = done(await update(now));
    expect(await stage.calls()).toEqual([]);
    expect(next).toMatchObject({ digest: digest(), tags: ["live", "next", props["ownTag"]] });
    expect(stage.pushed()).toContain("next");
    expect(await diff(now, next)).toEqual({ changes: "none", replaces: [] });
  });

  test.each<[string, () => Props]>([
    ["the login", () => ({ registry: stage.registryWith({ username: "another" }) })],
    ["the deadlines", () => ({ deadlines: { buildSeconds: 60 } })],
    ["what a destroy does", () => ({ deleteOnDestroy: true })],
    ["consent", () => ({ allowRebuild: true })],
    ["the builder", () => ({ builder: { tool: "podman" } })],
  ])("%s alone is stored, and nothing else", async (_, change) => {
    const now = { ...news, ...change() };
    const asked = stage.registry.seen.length;
    expect(await diff(now)).toEqual({ changes: "unknown", replaces: [] });
    const { props: next } = done(await update(now));
    expect(next).toMatchObject({ ...change(), digest: digest(), inspections: props["inspections"] });
    expect(await stage.calls()).toEqual([]);
    expect(stage.registry.seen.length).toBe(asked);
  });

  test("a build that fails leaves the state as it is: the earlier image is still the truth", async () => {
    await stage.plays({ finished: "lab-no-initramfs" });
    const { message } = failed(await update({ ...news, run: ["true"] }));
    expect(parseError(message).code).toBe("inspection-failed");
    expect(stage.pushed().sort()).toEqual([digest(), props["ownTag"], "live"].sort());
  });

  test("what is not known yet is no refusal, and asks nobody", async () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    expect((await diff({ ...news, kernelRelease: unknown, kernel: unknown })).changes).toBe("unknown");
    expect(stage.said()).toEqual([]);
  });
});

describe("a refresh", () => {
  test("an image that is there: the same state, no word", async () => {
    const seen = await read();
    expect(seen).toEqual({ id, props, inputs: { ...news, __provider: props["__provider"] } });
    expect(stage.said()).toEqual([]);
    expect(await stage.calls()).toEqual([]);
  });

  test("a digest that is gone is drift, on both sides; without consent the next preview is an error", async () => {
    stage.forget(digest());
    const seen = await read();
    expect([seen.id, seen.props["published"], seen.inputs["published"]]).toEqual([id, false, false]);
    expect(stage.said()).toEqual([
      expect.stringMatching(/^warning: drift: .* is not in the registry any more/),
    ]);

    // The engine's own diff of a refresh, for its display.
    expect((await diff(news, seen.props)).changes).toBe("unknown");
    await expect(diff(news, seen.props)).rejects.toMatchObject({
      details: expect.stringMatching(/\[rebuild-refused\][\s\S]*allowRebuild: true/) as unknown,
    });
    // Whoever skips the preview is asked all the same.
    expect(parseError(failed(await update(news, seen.props)).message).code).toBe("rebuild-refused");
    expect(await stage.built()).toEqual([]);

    const now = { ...news, allowRebuild: true };
    expect((await diff(now, seen.props)).changes).toBe("unknown");
    expect(stage.said().at(-1)).toMatch(/its machines reboot$/);
    const { props: next } = done(await update(now, seen.props));
    expect(next["published"]).toBe(true);
    expect(next["digest"]).not.toBe(digest());
  });

  test("a digest that was pushed back is no drift any more", async () => {
    const key = `/v2/fcos/web/manifests/${digest()}`;
    const content = stage.registry.content.get(key);
    stage.forget(digest());
    props = (await read()).props;
    if (content !== undefined) stage.registry.content.set(key, content);
    const seen = await read();
    expect([seen.props["published"], seen.inputs["published"]]).toEqual([true, true]);
  });

  test.each<[string, () => unknown, string]>([
    ["out of reach", () => (stage.registry.handler = ({ socket }) => !!socket.destroy()), "unreachable"],
    [
      "that broke",
      () => (stage.registry.handler = (_, response) => !!response.writeHead(503).end()),
      "registry-failed",
    ],
    [
      "that refuses the login",
      () => (stage.registry.handler = (_, response) => !!response.writeHead(403).end()),
      "login-refused",
    ],
  ])("a registry %s is no drift: a warning, and the state is kept", async (_, breaks, code) => {
    await breaks();
    const seen = await read();
    expect(seen).toEqual({ id, props, inputs: { ...news, __provider: props["__provider"] } });
    expect(stage.said()).toEqual([
      expect.stringMatching(/^warning: could not be looked at, the state is kept/),
    ]);
    expect(stage.said()[0]).toContain(`[${code}]`);
  });
});

describe("delete", () => {
  const remove = (changes: Props = {}): Promise<void> => stage.provider.delete(id, { ...props, ...changes });

  test("keeps the image, asks nobody, and says so", async () => {
    const asked = stage.registry.seen.length;
    await remove();
    expect(stage.said()).toEqual([expect.stringMatching(/^kept: .*@sha256:.* stays in the registry/)]);
    expect(stage.registry.seen.length).toBe(asked);
  });

  test("deletes the digest where that was asked for, and no tag", async () => {
    await remove({ deleteOnDestroy: true });
    expect(stage.said()).toEqual([expect.stringMatching(/^deleted from the registry: /)]);
    expect(stage.pushed()).not.toContain(digest());
    const deletes = stage.registry.seen.filter(({ method }) => method === "DELETE");
    expect(new Set(deletes.map(({ path }) => path))).toEqual(new Set([`/v2/fcos/web/manifests/${digest()}`]));
  });

  test("what is gone already is no error", async () => {
    stage.forget(digest());
    await remove({ deleteOnDestroy: true });
    expect(stage.said()).toEqual([expect.stringMatching(/was not in the registry any more$/)]);
  });

  test("a registry that forbids it is an error with a way out", async () => {
    const usual = stage.registry.handler;
    stage.registry.handler = (request, response) =>
      usual(request, response) || (request.method === "DELETE" && !!response.writeHead(405).end());
    await expect(remove({ deleteOnDestroy: true })).rejects.toMatchObject({
      details: expect.stringMatching(/allows no deletes[\s\S]*deleteOnDestroy/) as unknown,
    });
    expect(stage.pushed()).toContain(digest());
  });
});

test("check: what is wrong is named, the password is not", async () => {
  const { failures } = await stage.provider.check(
    {},
    { ...news, registry: stage.registryWith({ tags: ["a b"] }), files: { "/boot/x": { content: "" } } },
  );
  expect(failures).toEqual([
    expect.stringMatching(/^files\["\/boot\/x"\] must not lie in \/boot/),
    expect.stringMatching(/^registry\.tags\[0\] must be a tag/),
  ]);
  expect((await stage.provider.check({}, news)).failures).toEqual([]);
});
