import { HostError } from "../../../provider/core/errors";
import { read, remove, type OpenRegistry } from "../../../provider/image/read";
import { builtDigest, imageInputsOf, imageStateWith } from "../support/image-builders";

/** A registry of these answers, and what it was asked. */
function registryThat(answers: Partial<ReturnType<OpenRegistry>>): { open: OpenRegistry; asked: unknown[] } {
  const asked: unknown[] = [];
  const forbidden = (): never => {
    throw new Error("nobody asks for this");
  };
  const open: OpenRegistry = (registry, login) => {
    asked.push(registry, login.username);
    return {
      digestOf: (...args) => (asked.push(...args), (answers.digestOf ?? forbidden)(...args)),
      delete: (...args) => (asked.push(...args), (answers.delete ?? forbidden)(...args)),
    };
  };
  return { open, asked };
}

const login = { username: "u", password: "p" };
const inputs = imageInputsOf({ registry: { repository: "r.example:5000/fcos/web", ...login } });
const state = imageStateWith({}, inputs);

test("a digest that is there", async () => {
  const { open, asked } = registryThat({ digestOf: async () => builtDigest });
  expect(await read(open, { ...state, published: false })).toEqual({ published: true });
  expect(asked).toEqual(["r.example:5000", "u", "fcos/web", builtDigest]);
});

test("a digest that the registry says it has not", async () => {
  const { open } = registryThat({ digestOf: async () => undefined });
  expect(await read(open, state)).toEqual({ published: false });
});

test.each(["unreachable", "login-refused", "registry-failed"] as const)(
  "%s says nothing about the image",
  async (code) => {
    const digestOf = () => Promise.reject(new HostError(code, { what: "no answer" }));
    const seen = await read(registryThat({ digestOf }).open, state);
    expect([seen.published, seen.unseen?.code]).toEqual([true, code]);
    const gone = await read(registryThat({ digestOf }).open, { ...state, published: false });
    expect(gone.published).toBe(false);
  },
);

test("delete keeps the image, and asks nobody", async () => {
  const { open, asked } = registryThat({});
  expect(await remove(open, state)).toBe(
    `kept: ${state.reference} stays in the registry, because machines may run it`,
  );
  expect(asked).toEqual([]);
});

test("delete takes the signature as well", async () => {
  const { open, asked } = registryThat({ delete: async () => "deleted" });
  const signature = `sha256:${"e".repeat(64)}`;
  await remove(open, { ...state, deleteOnDestroy: true, signature });
  expect(asked.slice(2)).toEqual(["fcos/web", builtDigest, "fcos/web", signature]);
});

test.each(["deleted", "not there"] as const)("delete by digest: %s", async (answer) => {
  const { open, asked } = registryThat({ delete: async () => answer });
  const said = await remove(open, { ...state, deleteOnDestroy: true });
  expect(said).toMatch(
    answer === "deleted" ? /^deleted from the registry: / : / was not in the registry any more$/,
  );
  expect(asked.slice(2)).toEqual(["fcos/web", builtDigest]);
});
