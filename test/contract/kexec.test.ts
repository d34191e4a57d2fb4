import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSystem, patientBoot } from "./machine-inputs";
import type { Machine } from "./machine-model";
import { kernels, type Quirks } from "./machine-parts";
import { bundles } from "./played-kexec";
import type { Props } from "./provider-process";
import { done, failed, parseError, partial, Stage, urnOf } from "./support";

const stage = new Stage();
const parts = ["expected", "seen", "next"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "immutable-os-kexec-"));
  for (const [name, text] of Object.entries(bundles)) writeFileSync(join(folder, `${name}.tar.gz`), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Bundle = keyof typeof bundles;
const bundle = (name: Bundle): { path: string } => ({ path: join(folder, `${name}.tar.gz`) });
const sha256 = (name: Bundle): string => createHash("sha256").update(bundles[name]).digest("hex");

async function declared(
  kexec: Props | Props[],
  install: Props = {},
  quirks: Quirks = {},
  connection: Props = {},
): Promise<{ machine: Machine; news: Props }> {
  const machine = await stage.machine(quirks);
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, news: stage.inputs(machine, { system, install: { kexec, ...install }, connection }) };
}

const warnings = (news: Props): string[] =>
  stage.provider.engine.lines
    .filter((line) => line.urn === urnOf(news) && !line.ephemeral)
    .map((line) => line.message)
    .filter((message) => message.includes("is tried"));

const steps = (machine: Machine, name: RegExp): string[] => machine.steps.filter((step) => name.test(step));

test.each<[Bundle, RegExp]>([
  ["noBundle", /could not be unpacked .*\[preflight-refused\]: gzip: stdin: not in gzip format/],
  ["notLoadable", /cannot be loaded .*\[kexec-load-failed\]: kexec_load failed: Cannot allocate memory/],
  ["refused", /could not be loaded; .*\[kexec-load-failed\]: exit code 1/],
  ["silent", /the old kernel still runs; .*\[silent-kexec-failure\]: boot_id .*kexec_loaded 1/],
  ["panics", /the old system, booted anew; .*\[installer-not-proved\]: Debian .* again, boot_id/],
])("an image that is %s: said, and the next one is tried and stands in the outputs", async (name, reason) => {
  const { machine, news } = await declared([bundle(name), bundle("good")]);
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({
    phase: "confirm",
    kexecImage: {
      sha256: sha256("good"),
      kernelRelease: kernels.installer,
      source: bundle("good").path,
    },
  });
  const [warning = ""] = warnings(news);
  expect(warnings(news)).toHaveLength(1);
  expect(warning).toMatch(reason);
  expect(warning).toContain(`${bundle(name).path}: `);
  expect(warning).toContain(`Now ${bundle("good").path} is tried`);
  expect(machine.disk.wiped).toBe(1);
});

test("no image boots: what each one did, with the kernel's words, and nothing is kept", async () => {
  const { machine, news } = await declared([bundle("noBundle"), bundle("silent"), bundle("refused")]);
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "kexec", code: "silent-kexec-failure", parts });
  expect(message).toContain("none of the 3 installers could be booted; the old system still runs");
  const places = (["noBundle", "silent", "refused"] as const).map((name, index) =>
    message.indexOf(` ${index + 1}. ${bundle(name).path}: `),
  );
  expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
  expect(message.slice(places[1])).toMatch(/the kernel says:\n\s+kexec_core: Nothing has been loaded/);
  expect(steps(machine, /^stand down/)).toHaveLength(2);
  expect([machine.system, machine.ram.kexecLoaded, machine.disk.wiped]).toEqual(["debian", false, 0]);
});

test("a kernel that panics and starts the machine anew: named at once, with the old system in the state", async () => {
  const { machine, news } = await declared(bundle("panics"), {}, {}, patientBoot);
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "kexec", code: "installer-not-proved", parts });
  expect(message).toMatch(/seen: +Debian .* with its kernel 6\.1\.0-50-amd64 again[\s\S]*the kernel says/);
  expect(message).toMatch(/next: +most likely the installer's kernel panicked/);
  expect(props).toMatchObject({ unfinished: "kexec", bootId: machine.ram.bootId });
  expect(props["kexecImage"]).toMatchObject({ sha256: "" });
  expect(machine.disk.wiped).toBe(0);
});

test("extra flags are handed to the rehearsal and to run", async () => {
  const { machine, news } = await declared(bundle("good"), {
    kexecExtraFlags: ["--reset-vga", "--mem-min=0x1000"],
    phases: ["kexec"],
  });
  done(await stage.provider.create(news));
  expect(machine.heard.join("\n")).toMatch(/kexec --load .* --reset-vga --mem-min=0x1000\n/);
  expect(steps(machine, /^kexec/)).toEqual(["kexec with --reset-vga --mem-min=0x1000 in debian #1"]);
});

describe("an aarch64 machine", () => {
  const aarch64 = { architecture: "aarch64" };
  const needs = (news: Props): Props => ({ ...news, __needs: { system: "aarch64-linux", bootMode: "bios" } });

  test("gets the image for its architecture", async () => {
    const images = [
      { ...bundle("panics"), architecture: "x86_64" },
      { ...bundle("good"), architecture: "aarch64" },
    ];
    const { news } = await declared(images, {}, aarch64);
    const { props } = done(await stage.provider.create(needs(news)));
    expect(props["kexecImage"]).toEqual({
      sha256: sha256("good"),
      kernelRelease: "",
      source: bundle("good").path,
    });
    expect(warnings(news)).toEqual([]);
  });

  test("is refused when there is none, before anything is sent", async () => {
    const { machine, news } = await declared([{ ...bundle("good"), architecture: "x86_64" }], {}, aarch64);
    const { message } = failed(await stage.provider.create(needs(news)));
    expect(parseError(message)).toEqual({ phase: "preflight", code: "preflight-refused", parts });
    expect(message).toMatch(/expected: +an image of install\.kexec for aarch64/);
    expect(message).toContain(`${bundle("good").path} for x86_64`);
    expect(steps(machine, /^upload/)).toEqual([]);
  });
});

test("an image by URL: downloaded once for two machines, and named without its signature", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    setTimeout(() => response.end(bundles.good), 300);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/b.tar.gz`;
  const image = { url: `${source}?signature=secret`, sha256: sha256("good") };
  const hosts = await Promise.all([1, 2].map(() => declared(image, { phases: ["kexec"] })));
  const ends = await Promise.all(hosts.map(({ news }) => stage.provider.create(news)));
  server.closeAllConnections();
  server.close();
  for (const { props } of ends.map(done)) expect(props["kexecImage"]).toMatchObject({ source });
  expect(asked).toBe(1);
});

test("an image that cannot be had: the next one is tried; alone it is a clear error", async () => {
  const gone = { url: "http://127.0.0.1:1/b.tar.gz", sha256: "0".repeat(64) };
  const { news } = await declared([gone, bundle("good")], { phases: ["kexec"] });
  done(await stage.provider.create(news));
  expect(warnings(news)[0]).toMatch(/b\.tar\.gz: .*could not be downloaded.* \[download-failed\]/);
  const alone = await declared(gone);
  const { message } = failed(await stage.provider.create(alone.news));
  expect(parseError(message)).toEqual({ phase: "preflight", code: "download-failed", parts });
  expect(alone.machine.disk.wiped).toBe(0);
});

test("a flake that is not locked names the property, and nothing is built", async () => {
  const flake = "github:nix-community/nixos-images#installer";
  const { machine, news } = await declared({ flake });
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "preflight", code: "preflight-refused", parts });
  expect(message).toMatch(/expected: +install\.kexec\.flake as/);
  expect(JSON.stringify(await stage.provider.nixCalls())).not.toContain(flake);
  expect(steps(machine, /^upload/)).toEqual([]);
});

test("phases kexec alone: proved, in the state, and a later up with all of them goes on", async () => {
  const { machine, news } = await declared(bundle("good"), { phases: ["kexec"] });
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({
    phase: "kexec",
    unfinished: "",
    kexecImage: { source: bundle("good").path },
  });
  expect([machine.system, machine.disk.wiped]).toEqual(["installer", 0]);
  const install = { ...(news["install"] as Props) };
  delete install["phases"];
  const { props: last } = done(await stage.provider.update("web", props, { ...news, install }));
  expect(last).toMatchObject({ phase: "confirm", kexecImage: { source: bundle("good").path } });
  expect(steps(machine, /^(kexec|rehearse kexec|upload) in/)).toHaveLength(3);
});

describe("what an installer is, the machine proves", () => {
  const calledSo = 'ID=nixos\nPRETTY_NAME="NixOS"\nVARIANT_ID=installer';

  test("somebody else's installer is gone on with, without a kexec, whatever it calls itself", async () => {
    const { machine, news } = await declared(
      bundle("good"),
      {},
      { osRelease: 'ID=mine\nPRETTY_NAME="Mine"' },
    );
    machine.leaveFor("installer");
    await machine.settled();
    const { props } = done(await stage.provider.create(news));
    expect(props).toMatchObject({ phase: "confirm", kexecImage: { sha256: "" } });
    expect(steps(machine, /kexec|upload/)).toEqual([]);
    expect(stage.provider.engine.lasting(urnOf(news))[0]).toMatch(
      /^preflight: Mine, .*: no kexec is needed$/,
    );
  });

  test("a Debian that calls itself an installer is left by kexec", async () => {
    const { machine, news } = await declared(bundle("good"), { phases: ["kexec"] }, { osRelease: calledSo });
    done(await stage.provider.create(news));
    expect(steps(machine, /^kexec in debian/)).toHaveLength(1);
  });

  test("a NixOS with its root in RAM that calls itself an installer is not wiped", async () => {
    const { machine, news } = await declared(bundle("good"), {}, { osRelease: calledSo, rootInRam: true });
    await machine.becomeInstalled(newSystem(machine, "theirs", "6.6.6"), "");
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "foreign-system" });
    expect([machine.system, machine.disk.wiped]).toEqual(["nixos", 0]);
    expect(steps(machine, /kexec|start/)).toEqual([]);
  });
});
