import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { kexecImage } from "../../../provider/nixos/kexec-image";
import type { KexecImageReference } from "../../../provider/nixos/kexec-reference";
import { RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const nobody = () => Promise.reject(new Error("nothing is to be built"));

let folder: string;
let bundle: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kexec-image-test-"));
  bundle = join(folder, "bundle.tar.gz");
  writeFileSync(bundle, "bundle");
});
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = createHash("sha256").update("bundle").digest("hex");
const imageOf = (reference: KexecImageReference) =>
  kexecImage(reference, {
    progress: new RecordedProgress(),
    runLocal: nobody,
    nixArguments: [],
    deadlineSeconds: 60,
  });

test("a local bundle is used where it lies", async () => {
  await expect(imageOf({ path: bundle, sha256 })).resolves.toEqual({ path: bundle, sha256, sizeBytes: 6 });
});

test("~ at the beginning of a path is the home folder", async () => {
  const fromHome = relative(homedir(), bundle);
  const image = await imageOf({ path: `~/${fromHome}` });
  expect(image).toEqual({ path: `${homedir()}/${fromHome}`, sha256, sizeBytes: 6 });
});

test("a bundle of another hash is refused", async () => {
  const error = await failureOf(() => imageOf({ path: bundle, sha256: "0".repeat(64) }));
  expect(error.code).toBe("bad-input");
});
