import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { removeCutCopies } from "../../../provider/nixos/boot-default";

const sh = promisify(execFile);
let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), "cut-copies-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** The name that a builder gives to a copy of the system's file: its path in the store, with dashes. */
function file(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

async function afterwards(copies: Record<string, string>): Promise<string[]> {
  const toplevel = join(root, "system");
  const kernel = file("store/linux/bzImage", "kernel");
  const initrd = file("store/initrd-linux/initrd", "initrd");
  mkdirSync(toplevel);
  symlinkSync(kernel, join(toplevel, "kernel"));
  symlinkSync(initrd, join(toplevel, "initrd"));
  const names = { kernel: kernel.replaceAll("/", "-"), initrd: initrd.replaceAll("/", "-") };
  const places = Object.entries(copies).map(([place, text]) => {
    const path = place.replace("KERNEL", names.kernel).replace("INITRD", names.initrd);
    return { place, path: file(path, text) };
  });
  await sh("sh", ["-euc", removeCutCopies(toplevel, root)]);
  return places.filter(({ path }) => existsSync(path)).map(({ place }) => place);
}

test.each([
  "boot/nixos/KERNEL",
  "boot/kernels/KERNEL",
  "boot/EFI/nixos/KERNEL.efi",
  "efi/EFI/nixos/KERNEL.efi",
])("an empty and a shortened copy are removed from %s, the builder will write them anew", async (kernel) => {
  const initrd = kernel.replace("KERNEL", "INITRD");
  expect(await afterwards({ [kernel]: "", [initrd]: "init" })).toEqual([]);
});

test("whole copies stay, also with secrets behind them, and so does all that is of another system", async () => {
  const copies = {
    "boot/nixos/KERNEL": "kernel",
    "boot/nixos/INITRD": "initrd and secrets",
    "boot/nixos/another-bzImage": "",
    "boot/kernels/KERNEL.old": "",
  };
  expect(await afterwards(copies)).toEqual(Object.keys(copies));
});

test("a system without these files: nothing is judged by them", async () => {
  await sh("sh", ["-euc", removeCutCopies("/nonexistent/system", root)]);
});
