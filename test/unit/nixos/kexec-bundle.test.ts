import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult } from "../../../provider/core/shell";
import type { NixosContext } from "../../../provider/nixos/context";
import { bundleFolder, rehearseKexec, runCommand, standDown } from "../../../provider/nixos/kexec-bundle";
import { contextOf, device, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const init = "/nix/store/iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii-nixos-system-installer/init";

/** The scripts really run, in a folder of this test instead of the host's; kexec and uname are played. */
let root: string;
let bundle: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kexec-bundle-test-"));
  bundle = join(root, "bundle");
  mkdirSync(bundle);
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "loaded"), "0\n");
  program(join(root, "bin/uname"), `[ "$1" = -m ] && echo x86_64 || echo 6.1.0`);
  program(join(root, "bin/dmesg"), `echo "kexec_core: words of the kernel"`);
  program(
    join(bundle, "kexec"),
    `echo "$*" >> ${root}/calls; case $1 in --load) echo 1;; --unload) echo 0;; esac > ${root}/loaded`,
  );
  writeFileSync(join(bundle, "run"), `init="${init}"\nkernelParams="console=ttyS0"\n`);
  writeFileSync(join(bundle, "initrd"), "initrd");
  writeFileSync(join(bundle, "bzImage"), x86Kernel("6.12.20-installer"));
});
afterEach(() => rmSync(root, { recursive: true }));

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** As the boot protocol lays it out: a magic word, and where the version is written. */
function x86Kernel(version: string): Buffer {
  const image = Buffer.alloc(4096);
  image.write("HdrS", 514);
  image.writeUInt16LE(1024, 526);
  image.write(`${version} (builder@host) #1 SMP`, 1024 + 512);
  return image;
}

function armKernel(): Buffer {
  const image = Buffer.alloc(4096);
  image.write("MZ", 0);
  image.write("ARM\x64", 56);
  return image;
}

function context(kexecExtraFlags: string[] = []): NixosContext {
  const inputs = inputsOf({ install: { kexec: { path: "x" }, kexecExtraFlags, disks: [{ device }] } });
  const run = (script: string): Promise<CommandResult> => {
    const here = script
      .replaceAll(bundleFolder, bundle)
      .replaceAll("/sys/kernel/kexec_loaded", `${root}/loaded`);
    return new Promise((resolve) => {
      const env = { ...process.env, PATH: `${root}/bin:${process.env["PATH"]}` };
      execFile("sh", ["-c", here], { env }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  };
  return { ...contextOf(inputs), session: { run } as unknown as NixosContext["session"] };
}

const calls = (): string[] => readFileSync(join(root, "calls"), "utf8").trim().split("\n");

test("the kernel is loaded as run would load it, and unloaded", async () => {
  await expect(rehearseKexec(context())).resolves.toEqual({
    init: `init=${init}`,
    kernelRelease: "6.12.20-installer",
  });
  expect(calls()).toEqual([
    `--load bzImage --initrd=initrd --command-line init=${init} --no-checks --kexec-syscall-auto`,
    "--unload",
  ]);
});

test("extra flags are words for the rehearsal, and one text for run, which hands it to a shell", async () => {
  const flags = ["--reset-vga", "--mem-min=0x1000", "--dt-no-old-root"];
  await rehearseKexec(context(flags));
  expect(calls()[0]).toMatch(/ --reset-vga --mem-min=0x1000 --dt-no-old-root$/);
  expect(runCommand(context(flags).spec)).toBe(
    `cd ${bundleFolder} && ./run --kexec-extra-flags '--reset-vga --mem-min=0x1000 --dt-no-old-root'`,
  );
  expect(runCommand(context().spec)).toBe(`cd ${bundleFolder} && ./run`);
});

test("a bundle for aarch64 on an aarch64 machine: loaded, and its kernel is not compared", async () => {
  program(join(root, "bin/uname"), `[ "$1" = -m ] && echo aarch64 || echo 6.1.0`);
  writeFileSync(join(bundle, "bzImage"), armKernel());
  await expect(rehearseKexec(context())).resolves.toEqual({ init: `init=${init}`, kernelRelease: "" });
});

test.each<[string, () => void, RegExp]>([
  [
    "a bundle of another architecture",
    () => writeFileSync(join(bundle, "bzImage"), armKernel()),
    /the bundle's kernel is for aarch64, the machine is x86_64\nthe kernel says:\nkexec_core: words/,
  ],
  [
    "the other way round",
    () => program(join(root, "bin/uname"), `[ "$1" = -m ] && echo aarch64 || echo 6.1.0`),
    /the bundle's kernel is for x86_64, the machine is aarch64/,
  ],
  [
    "a kexec that cannot run here",
    () => writeFileSync(join(bundle, "kexec"), Buffer.from("\x7fELF\x02\x01\x01aarch64"), { mode: 0o755 }),
    /Exec format error|not found/,
  ],
  [
    "a kernel that refuses",
    () => program(join(bundle, "kexec"), "echo 'kexec_load failed: Operation not permitted' >&2; exit 255"),
    /Operation not permitted/,
  ],
  [
    "a kexec that says 0 and loads nothing",
    () => program(join(bundle, "kexec"), "true"),
    /kexec said 0, .*\/loaded says 0/,
  ],
  [
    "a run that boots nothing of a store",
    () => writeFileSync(join(bundle, "run"), "echo"),
    /the bundle's run names no init= in a store/,
  ],
])("%s", async (_, spoil, seen) => {
  spoil();
  const error = await failureOf(() => rehearseKexec(context()));
  expect(error.code).toBe("kexec-load-failed");
  expect(error.details.seen).toMatch(seen);
});

test("after a failure nothing fires any more: what waits is ended, what is loaded is unloaded", async () => {
  writeFileSync(join(root, "loaded"), "1\n");
  const waiting = spawn("sh", ["-c", `sleep 60 && '${bundle}/kexec' -e `], { stdio: "ignore" });
  const bystander = spawn("sh", ["-c", "sleep 60 && true kexec -e"], { stdio: "ignore" });
  const ended = new Promise((resolve) => waiting.once("exit", (_, signal) => resolve(signal)));
  await standDown(context());
  expect(await ended).toBe("SIGKILL");
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  bystander.kill();
  expect(calls()).toEqual(["--unload"]);
});
