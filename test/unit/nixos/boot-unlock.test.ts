import {
  passphrasesOf,
  requireUnlockWay,
  unlockHint,
  type BootUnlock,
} from "../../../provider/nixos/boot-unlock";
import { specOf } from "../../../provider/nixos/spec";
import { device, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const none: BootUnlock = { luks: {}, initrdFiles: [], clevis: [], asksForZfs: true };
const luks = (keyFile: string, options: string[] = [], more: Partial<BootUnlock> = {}) =>
  passphrasesOf({ ...none, luks: { crypted: { keyFile, options } }, ...more }, {});

test.each<[string, string[], string[]]>([
  ["without a key file", luks(""), ["crypted"]],
  ["with a key in the initrd", luks("/disk.key", [], { initrdFiles: ["/disk.key"] }), []],
  ["with a key file that was only there while disko formatted", luks("/tmp/secret.key"), ["crypted"]],
  ["with a key on a device", luks("/dev/disk/by-id/usb-key"), []],
  ["by the TPM", luks("", ["tpm2-device=auto"]), []],
  ["by a FIDO2 token, which somebody has to touch", luks("", ["fido2-device=auto"]), ["crypted"]],
  ["by clevis", luks("", [], { clevis: ["crypted"] }), []],
  ["that the boot does not wait for", luks("", ["nofail"]), []],
])("LUKS %s", (_, found, expected) => expect(found).toEqual(expected));

const encrypted = { encryption: "aes-256-gcm", keyformat: "passphrase" };
const zfs = (pool: object, unlock: BootUnlock = none) =>
  passphrasesOf(unlock, { zpool: { zroot: pool } } as Parameters<typeof passphrasesOf>[1]);

test.each<[string, object, string[]]>([
  ["not encrypted", { rootFsOptions: { compression: "zstd" }, datasets: {} }, []],
  ["the pool, by a prompt", { rootFsOptions: { ...encrypted, keylocation: "prompt" } }, ["zroot"]],
  ["without a location: ZFS prompts then", { rootFsOptions: encrypted }, ["zroot"]],
  [
    "a key in the installer's RAM",
    { rootFsOptions: { ...encrypted, keylocation: "file:///tmp/k" } },
    ["zroot"],
  ],
  ["a key file of the system", { rootFsOptions: { ...encrypted, keylocation: "file:///etc/zfs/key" } }, []],
  [
    "a data set that prompts after its format",
    {
      datasets: {
        root: {
          options: { ...encrypted, keylocation: "file:///etc/zfs/key" },
          postCreateHook: 'zfs set keylocation="prompt" "zroot/root"',
        },
        plain: { options: {} },
      },
    },
    ["zroot/root"],
  ],
  [
    "the pool's own data set is not named twice",
    { rootFsOptions: encrypted, datasets: { __root: { options: encrypted } } },
    ["zroot"],
  ],
])("ZFS: %s", (_, pool, expected) => expect(zfs(pool)).toEqual(expected));

test("ZFS that the boot does not ask for", () =>
  expect(zfs({ rootFsOptions: encrypted }, { ...none, asksForZfs: false })).toEqual([]));

test("prebuilt systems say nothing about it", () => expect(passphrasesOf(undefined, {})).toEqual([]));

const specWith = (unlock?: "console" | "initrd-ssh" | "tpm2" | "key-file", passphrases = ["crypted"]) =>
  specOf(
    inputsOf({
      __needs: { system: "", bootMode: "", passphrases },
      install: { disks: [{ device }], ...(unlock && { encryptedRootUnlock: unlock }) },
    }),
  );

test("in an installer that runs already, the same is refused before the disks are touched", async () => {
  const error = await failureOf(() => requireUnlockWay(specWith()));
  expect(error.code).toBe("preflight-refused");
  expect(error.details.what).toContain("nothing was changed");
  expect(error.details.next).toContain("install.encryptedRootUnlock");
  expect(() => requireUnlockWay(specWith("tpm2"))).not.toThrow();
});

test.each([
  ["console" as const, /at the machine's console now/],
  ["initrd-ssh" as const, /by ssh into the initrd now/],
  ["tpm2" as const, /^$/],
  ["key-file" as const, /^$/],
])("while it boots, %s", (way, hint) => {
  expect(unlockHint(specWith(way))).toMatch(hint);
  expect(unlockHint(specWith(way, []))).toBe("");
});
