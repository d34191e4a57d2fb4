import { filesProblems } from "../../../provider/runtime/local-files";
import { nixosKind } from "../../../provider/runtime/nixos-kind";

const problems = (key: string, source: string) =>
  filesProblems(nixosKind, {}, { install: { [key]: { "/etc/x": { source } } } });

test("an extra file may come from a folder, a disk key may not", async () => {
  await expect(problems("extraFiles", __dirname)).resolves.toEqual([]);
  await expect(problems("extraFiles", __filename)).resolves.toEqual([]);
  const texts = [
    ...(await problems("extraFiles", "/nowhere/at all")),
    ...(await problems("diskEncryptionKeys", __dirname)),
  ].map(({ text }) => text);
  expect(texts).toEqual([
    "names a file that does not exist where Pulumi runs: /nowhere/at all",
    `must be a file: ${__dirname} is a folder`,
  ]);
});
