import { HostError } from "../../../provider/core/errors";
import { preflight } from "../../../provider/fcos/phases/preflight";
import { pull } from "../../../provider/fcos/pull";
import { howToPull } from "../../../provider/fcos/pull-failures";
import { HostSession } from "../../../provider/host/session";
import { failureOf } from "../support/fake-shell";
import { fcosContext } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";

const password = "not-to-be-seen";
const auth = Buffer.from(`puller:${password}`).toString("base64");
const login = { registry: { username: "puller", password } };

function pulling(machine: PlayedFcos, inputs: Parameters<typeof fcosContext>[0] = login) {
  const context = fcosContext(inputs);
  const access = {
    host: "x",
    port: 22,
    user: "core",
    auth: {},
    hostKeys: undefined,
    sudo: true,
    connectTimeoutSeconds: 1,
  };
  context.session = new HostSession(machine.connect, { installed: access }, ["installed"], undefined);
  return {
    run: () => pull(context, machine.facts),
    begin: () => preflight.run(context, machine.facts),
    scripts: () => machine.shells.flatMap(({ scripts }) => scripts),
  };
}
const place = (scripts: string[]): number => scripts.findIndex((script) => script.includes(auth));
const takesBack = (scripts: string[]): boolean =>
  scripts.some((script, index) => index > place(scripts) && /take_all_back\n:$/.test(script));

test("the login goes over stdin before the job, and the job takes it back: its script holds no secret", async () => {
  const machine = new PlayedFcos();
  const { run, scripts } = pulling(machine);
  await run();
  const all = scripts();
  const job = all.findIndex((script) => script.includes("immutable-os-rebase-"));
  expect(place(all)).toBeGreaterThanOrEqual(0);
  expect(place(all)).toBeLessThan(job);
  expect(all[job]).toContain("rpm-ostree rebase");
  expect(all[job]).toContain("trap");
  for (const secret of [password, auth]) expect(all[job]).not.toContain(secret);
});

test("without a login nothing is lent", async () => {
  const machine = new PlayedFcos();
  const { run, scripts } = pulling(machine, {});
  await run();
  expect(scripts().join("\n")).not.toMatch(/auth\.json|ca\.crt/);
});

test("after a pull that failed it is taken back once more", async () => {
  const machine = new PlayedFcos();
  machine.instead.set("rebase", () => ({ exitCode: 1 }));
  const { run, scripts } = pulling(machine);
  const error = await failureOf(run);
  expect(error.code).toBe("rebase-failed");
  expect(error.text()).not.toContain(password);
  expect(takesBack(scripts())).toBe(true);
});

test("a run with a login begins with taking back what an earlier boot's pull left; one without touches nothing", async () => {
  const [lending, other] = [pulling(new PlayedFcos()), pulling(new PlayedFcos(), {})];
  await lending.begin();
  expect(lending.scripts().join()).toMatch(/"\$authority.lent"[^]*take_back "\$authority"\n/);
  await other.begin();
  expect(other.scripts()).toEqual([]);
});

test("while the pull may still be at work it stays: the job's own trap takes it back", async () => {
  const machine = new PlayedFcos();
  machine.instead.set("rebase", () => new HostError("deadline-exceeded", { what: "too slow" }));
  const { run, scripts } = pulling(machine);
  expect((await failureOf(run)).code).toBe("deadline-exceeded");
  expect(takesBack(scripts())).toBe(false);
});

test("an earlier run's pull keeps the login that it was lent", async () => {
  const machine = new PlayedFcos();
  machine.isPulling = true;
  const { run, scripts } = pulling(machine);
  expect((await failureOf(run)).code).toBe("job-still-running");
  expect(place(scripts())).toBe(-1);
  expect(scripts().join("\n")).not.toContain("take_all_back");
});

test.each([
  ["error: … authentication required", /registry\.username/],
  [
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    /certificateAuthority/,
  ],
  ["manifest unknown", /build and push/],
  ["error: min-free-space-percent '3%' would be exceeded", /make room/],
  ["error: No ostree.final-diffid label found", /no bootable ostree image/],
  ["Image has architecture arm64; expected amd64", /architecture/],
  ["dial tcp: lookup x: no such host", /reach the registry/],
  ["Source image rejected: A signature was required", /policy\.json/],
  ["error: Transaction in progress: rebase", /end of the transaction/],
  ["something else", /correct what the log shows/],
])("what helps: %s", (words, next) => {
  expect(howToPull(words)).toMatch(next);
});
