// CRUD of any host, with a stand-in for the flow behind it.
import { HostError } from "../../../provider/core/errors";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosState } from "../../../provider/fcos/state";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import { hostLifecycle, type HostKind } from "../../../provider/runtime/host-lifecycle";
import { unknown, type Inputs } from "../../../provider/runtime/inputs";
import { plainState } from "../../../provider/runtime/state";
import { fcosInputsOf, fcosStateWith } from "../support/fcos-builders";

type Host = HostKind<FcosHostInputs, FcosState>;

const shown = jest.spyOn(console, "log").mockImplementation();
const said = (): string[] => shown.mock.calls.map(([line]) => String(line));
afterEach(() => shown.mockClear());

const never = () => Promise.reject(new Error("must not be asked"));
const error = new HostError("unhealthy", { what: "web does not answer" });
const state = fcosStateWith();
let news: Inputs;
let olds: Inputs;
let number = 0;
beforeEach(() => {
  // A resource of its own for each test: what was read is remembered.
  const own = { __urn: `urn:${++number}`, __provider: "text" };
  news = { ...plainState(fcosInputsOf()), ...own };
  olds = { ...plainState(state), ...own };
});

function hostWith(changes: Partial<Host>) {
  return hostLifecycle<FcosHostInputs, FcosState>({
    kind: fcosKind,
    changesBetween: () => undefined,
    consequences: () => ({ lines: ["what it does"] }),
    deploy: never,
    read: never,
    ...changes,
  });
}

test("create hands the checked inputs on, and gives back what the flow ended with", async () => {
  const deploy = jest.fn<ReturnType<Host["deploy"]>, Parameters<Host["deploy"]>>(() =>
    Promise.resolve({ state: { ...state, remote: undefined }, error: undefined }),
  );
  expect(await hostWith({ deploy }).create(news)).toEqual({ id: "web", outs: plainState(state) });
  expect(deploy.mock.calls[0]?.slice(1)).toEqual([fcosInputsOf({ __urn: `urn:${number}` }), undefined]);
});

test("update also hands on what was there before", async () => {
  const deploy: Host["deploy"] = (_tools, checked, earlier) =>
    Promise.resolve({
      state: { ...state, bootId: `${earlier?.bootId} of ${checked.machine}` },
      error: undefined,
    });
  const { outs } = await hostWith({ deploy }).update("web", olds, news);
  expect(outs["bootId"]).toBe("boot-2 of web");
});

describe.each<["create" | "update"]>([["create"], ["update"]])("a failed %s", (method) => {
  const run = async (host: ReturnType<typeof hostWith>) =>
    (method === "create" ? host.create(news) : host.update("id-of-before", olds, news)).catch(
      (thrown: unknown) => thrown,
    );

  test("of which nothing is to be kept is a plain error", async () => {
    const thrown = await run(hostWith({ deploy: () => Promise.resolve({ state: undefined, error }) }));
    expect(thrown).toMatchObject({ message: "web does not answer [unhealthy]", stack: "" });
    expect(thrown).not.toHaveProperty("properties");
  });

  test("of which something is to be kept carries the state, and the provider's text", async () => {
    const thrown = await run(hostWith({ deploy: () => Promise.resolve({ state, error }) }));
    expect(thrown).toMatchObject({
      id: method === "create" ? "web" : "id-of-before",
      properties: { ...plainState(state), __provider: "text" },
      reasons: ["web does not answer [unhealthy]"],
    });
  });
});

describe("read", () => {
  const drift = { key: "booted.digest", declared: "a", observed: "", meaning: "another image" };

  test("what was observed goes into the inputs as well, and drift is said", async () => {
    const seen = { state: { ...state, bootId: "boot-3" }, inputs: fcosInputsOf(), drift: [drift] };
    const host = hostWith({ read: () => Promise.resolve({ ...seen, unseen: undefined }) });
    expect(await host.read("web", olds)).toEqual({
      id: "web",
      props: plainState(seen.state),
      inputs: { ...plainState(seen.inputs), __provider: "text" },
    });
    expect(said()).toEqual(["drift: another image: booted.digest is nothing, declared a"]);
  });

  test("a machine that does not answer is kept", async () => {
    const seen = { state, inputs: fcosInputsOf(), drift: [], unseen: error };
    expect((await hostWith({ read: () => Promise.resolve(seen) }).read("web", olds)).id).toBe("web");
    expect(said()).toEqual([
      expect.stringMatching(/^could not be looked at, the state is kept as it was: web/),
    ]);
  });
});

describe("diff", () => {
  const silentRead: Partial<Host> = {
    read: () => Promise.resolve({ state, inputs: fcosInputsOf(), drift: [], unseen: undefined }),
  };

  test("says what an up would do", async () => {
    expect(await hostWith({}).diff("web", olds, news)).toEqual({ changes: undefined });
    expect(said()).toEqual(["what it does"]);
  });

  test("says nothing where nothing changes", async () => {
    const host = hostWith({ changesBetween: () => false, consequences: () => ({ lines: ["never"] }) });
    expect(await host.diff("web", olds, news)).toEqual({ changes: false });
    expect(said()).toEqual([]);
  });

  test.each([false, undefined])(
    "after a read it is silent once, and then says it (changes: %s)",
    async (changes) => {
      let first = true;
      const host = hostWith({
        ...silentRead,
        changesBetween: () => {
          const answer = first ? changes : undefined;
          first = false;
          return answer;
        },
      });
      await host.read("web", olds);
      await host.diff("web", olds, news);
      expect(said()).toEqual([]);
      await host.diff("web", olds, news);
      expect(said()).toEqual(["what it does"]);
    },
  );

  test("a missing consent is a refusal without a stack", async () => {
    const host = hostWith({
      consequences: () => {
        throw error;
      },
    });
    await expect(host.diff("web", olds, news)).rejects.toMatchObject({
      message: "web does not answer [unhealthy]",
      stack: "",
    });
  });

  test("what is not known yet is not judged", async () => {
    const host = hostWith({ consequences: () => ({ lines: ["never"] }) });
    await host.diff("web", olds, { ...news, image: unknown });
    expect(said()).toEqual([]);
    const told = hostWith({ consequencesOfUnknown: () => ["the image is not known"] });
    await told.diff("web", olds, { ...news, image: unknown });
    expect(said()).toEqual(["the image is not known"]);
  });

  test.each<[string, unknown, object]>([
    ["another machine", "db", { replaces: ["machine"] }],
    ["one that is not known", unknown, { changes: undefined }],
  ])("%s", async (_, machine, answer) =>
    expect(await hostWith({}).diff("web", olds, { ...news, machine })).toEqual(answer),
  );
});

test("delete asks nobody, and says that it forgets", async () => {
  await hostWith({}).delete("web", olds);
  expect(said()).toEqual(["forgotten: the machine web keeps running, nothing on it was changed"]);
  await hostWith({ staysBehind: ": the mark stays" }).delete("web", olds);
  expect(said().at(-1)).toMatch(/nothing on it was changed: the mark stays$/);
});
