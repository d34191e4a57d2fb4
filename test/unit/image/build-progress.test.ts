import { BuildProgress } from "../../../provider/image/build-progress";

let shown: string[];
let logged: string[];
let said: BuildProgress;
const secret = "planted".repeat(20);

// The clock is played: on a busy machine any of these steps may be the slowest.
afterEach(() => void jest.useRealTimers());
beforeEach(() => {
  jest.useFakeTimers();
  shown = [];
  logged = [];
  said = new BuildProgress({
    detail: (text) => shown.push(text),
    log: (line) => logged.push(line),
    clean: (text) => text.replaceAll(secret, "[secret]"),
  });
});

test("a step, and its latest words", () => {
  said.line("STEP 2/6: RUN dracut --no-hostonly");
  said.line("dracut: *** Including module: ostree ***");
  expect(shown).toEqual([
    "step 2/6, RUN dracut --no-hostonly, 0 s",
    "step 2/6, RUN dracut --no-hostonly, 0 s: dracut: *** Including module: ostree ***",
  ]);
});

test.each([
  [
    "RUN --mount=type=bind,source=rpms,target=/run/rpms rpm-ostree override   replace",
    "RUN rpm-ostree override replace",
  ],
  ['RUN ["/bin/sh", "-e", "-c", "echo a\\necho b"]', "RUN echo a echo b"],
  ["RUN [ -e /x ]", "RUN [ -e /x ]"],
  ['COPY --chmod=0644 ["files/0", "/etc/motd"]', 'COPY ["files/0", "/etc/motd"]'],
])("an instruction in short: %s", (instruction, short) => {
  said.line(`[1/1] STEP 3/9: ${instruction}`);
  expect(said.step).toMatchObject({ number: "3/9", instruction: short });
});

test("a secret that is longer than what is shown is gone before the line is cut", () => {
  said.line(`STEP 1/2: RUN echo ${secret}`);
  said.line(`it said ${secret}`);
  expect(shown.join()).not.toContain("planted");
  expect(said.step?.instruction).toBe("RUN echo [secret]");
});

test("layers are counted", () => {
  said.line("Copying blob sha256:197220630d2cc342f5edcc7e391faf37a253128c537432ce1f44d0b7dc6a3f6c");
  said.line("Copying blob sha256:98992388423abc9bc3f7c906758f829dfd57ae43f08e86fb81e223748fb4202c");
  expect(shown).toEqual(["layer 1 (sha256:197220630d2c)", "layer 2 (sha256:98992388423a)"]);
});

test("every line is in the log, and words stay short on the row", () => {
  said.line("");
  said.line("x".repeat(500));
  expect(logged.map((line) => line.length)).toEqual([0, 500]);
  expect(shown.map((text) => text.length)).toEqual([100]);
});

test("the slowest step is known at the end", () => {
  for (const [number, wait] of [
    ["1/3", 0],
    ["2/3", 60],
    ["3/3", 0],
  ] as const) {
    said.line(`STEP ${number}: RUN something`);
    jest.advanceTimersByTime(wait);
  }
  expect(said.slowest?.number).toBe("2/3");
  expect(said.steps).toHaveLength(3);
});
