import { dracutArgument, fileContent } from "../../../provider/image/schema-values";

const problemOf = (schema: typeof dracutArgument, value: string): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;

test.each(["--zstd", "--early-microcode", "--compress=zstd -19", "--install=/a b", "--add-device=/dev/vda"])(
  "a word for dracut: %s",
  (word) => expect(problemOf(dracutArgument, word)).toBeUndefined(),
);

describe("what would undo the build's own words is refused", () => {
  test.each([
    ["the beginning of an option", "--kve=1", "must not be --kve: the kernel is read from the RPMs"],
    ["the beginning of another", "--print-cmdl", "must not be --print-cmdl: nothing would be made"],
    ["an option under its other name", "--host-only", "must not be --host-only: the image would hold"],
    ["the beginning of several", "--hos", "must not be --hos: the image would hold"],
    ["another configuration", "--conf=/dev/null", "must not be --conf: the base image's own would"],
    ["modules that have to be there", "--force-add=x", "must not be --force-add: give the modules"],
    ["what takes two words", "--include", "must not be --include: it takes two words"],
  ])("%s: %s", (_, word, message) => expect(problemOf(dracutArgument, word)).toContain(message));

  test.each([
    "-vH",
    "-oostree",
    "-c/dev/null",
    "-v",
    "-",
    "--",
    "++include",
    "xz",
    "/tmp/other.img",
    "--Kver",
  ])("no option in its long form: %s", (word) =>
    expect(problemOf(dracutArgument, word)).toBe(
      'must be an option in its long form, with its value in the same word, such as "--compress=xz"',
    ),
  );
});

test("a file's text has no zero byte", () => {
  expect(problemOf(fileContent, "")).toBeUndefined();
  expect(problemOf(fileContent, "a\nä\t")).toBeUndefined();
  expect(problemOf(fileContent, "a\0b")).toBe(
    "must be text, without a zero byte: give such a file as source",
  );
});
