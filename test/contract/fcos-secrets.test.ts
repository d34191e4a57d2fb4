import type { FcosMachine } from "./fcos-machine";
import { drivers, during, FcosStage } from "./fcos-stage";
import type { Props, Result } from "./provider-process";
import { done, failed } from "./support";
import { Authority } from "../unit/image/registry/authority";

const stage = new FcosStage();
const username = "builder";
const password = "open sesame, whoever you are";
const token = Buffer.from(`${username}:${password}`).toString("base64");
const maker = new Authority();
const certificateAuthority = maker.pem;
const login = { registry: { username, password, certificateAuthority } };
const secrets = [password, token];
const authority = "etc/containers/certs.d/registry.test:5000/ca.crt";
const auth = "run/ostree/auth.json";

afterAll(() => maker.remove());

/** Everywhere else than in the inputs' own place, and in the file while it pulled. */
function expectSilence(machine: FcosMachine, news: Props, result: Result): void {
  const { registry: _, ...others } = ("props" in result ? result.props : {}) as { registry?: unknown };
  const told = JSON.stringify([
    others,
    "message" in result ? result.message : "",
    stage.provider.engine.lines,
    stage.provider.output,
    machine.steps,
    machine.root.snapshot(),
    // What a tool says of itself stays in the log of its job, which is root's alone.
    machine.root.everywhere("run").filter(([name]) => !name.endsWith("/jobs/rebase/log")),
  ]);
  for (const secret of secrets) expect(told).not.toContain(secret);
  const { privateKey } = news["connection"] as { privateKey: string };
  for (const line of privateKey.split("\n").filter((each) => each.length > 40)) {
    const { connection: __, ...rest } = others as Props;
    expect(JSON.stringify([rest, machine.steps, stage.provider.engine.lines])).not.toContain(line);
  }
}

describe.each(drivers)("by %s", (driver) => {
  test("the login lies on the machine for the time of the pull, for root alone, and nowhere else", async () => {
    const { machine, news } = await stage.declared({ driver }, login);
    Object.assign(machine.registry, { login: `${username}:${password}`, authority: certificateAuthority });
    const result = done(await stage.provider.create(news));
    expect(machine.registry.seen).toHaveLength(1);
    const [seen] = machine.registry.seen;
    expect(seen).toMatchObject({ mode: "600", authorityMode: "644" });
    expect(JSON.parse(seen?.auth ?? "{}")).toEqual({ auths: { "registry.test:5000": { auth: token } } });
    expect(machine.root.has(auth)).toBe(false);
    expect(machine.root.has(authority)).toBe(false);
    expectSilence(machine, news, result);
  });

  test("a failed pull leaves none of it, and its error says nothing of it", async () => {
    const { machine, news } = await stage.declared({ driver }, login);
    machine.registry.login = "builder:another";
    machine.answers.set(/^(rpm-ostree rebase|bootc switch)/, () => ({
      exitCode: 1,
      stderr: `error: unauthorized: authentication required for ${username}:${password}\n`,
    }));
    const result = failed(await stage.provider.create(news));
    expect(result.message).toContain("authentication required");
    expect(machine.root.has(auth)).toBe(false);
    expect(machine.root.has(authority)).toBe(false);
    expectSilence(machine, news, result);
  });

  test("a client that is killed while it pulls leaves none of it either", async () => {
    const { machine, news } = await stage.declared({ driver }, login);
    Object.assign(machine.registry, { login: `${username}:${password}`, authority: certificateAuthority });
    const held = machine.heldAt(/^(rpm-ostree rebase|bootc switch)/);
    const create = stage.provider.create(news);
    const letGo = await during(create, held);
    expect(machine.root.has(auth)).toBe(true);
    await stage.provider.kill();
    await create;
    letGo();
    await machine.quiet();
    await stage.provider.launch();
    expect(machine.root.has(auth)).toBe(false);
    expect(machine.root.has(authority)).toBe(false);
  });

  test("somebody's own files are put back as they were", async () => {
    const { machine, news } = await stage.declared({ driver }, login);
    const theirs = '{"auths":{"other.test":{"auth":"eDp5"}}}\n';
    machine.root.write(auth, theirs);
    machine.root.write(authority, "theirs\n");
    Object.assign(machine.registry, { login: `${username}:${password}`, authority: certificateAuthority });
    const reboot = machine.heldAt(/^systemctl .*reboot/);
    const create = stage.provider.create(news);
    const letGo = await during(create, reboot);
    expect(machine.root.read(auth)).toBe(theirs);
    letGo();
    done(await create);
    expect(machine.root.read(authority)).toBe("theirs\n");
  });
});
