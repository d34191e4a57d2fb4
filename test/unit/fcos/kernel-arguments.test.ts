import {
  heldArguments,
  missingArguments,
  splitArguments,
  unwantedArguments,
} from "../../../provider/fcos/kernel-arguments";

const line =
  'BOOT_IMAGE=/ostree/lab-1/vmlinuz root=LABEL=root rw quiet console=tty0 console=ttyS0,115200 dyndbg="file a.c +p; file b.c +p" ostree=/ostree/boot.1/lab/1/0\n';

describe("a kernel's command line", () => {
  test("is cut at blanks that are not quoted", () => {
    expect(splitArguments(line)).toEqual([
      "BOOT_IMAGE=/ostree/lab-1/vmlinuz",
      "root=LABEL=root",
      "rw",
      "quiet",
      "console=tty0",
      "console=ttyS0,115200",
      'dyndbg="file a.c +p; file b.c +p"',
      "ostree=/ostree/boot.1/lab/1/0",
    ]);
    expect(splitArguments("")).toEqual([]);
    expect(splitArguments('a="never closed b')).toEqual(['a="never closed b']);
  });

  test.each([
    [["quiet", "console=tty0", 'dyndbg="file a.c +p; file b.c +p"'], []],
    [
      ["console", "console=tty", "file"],
      ["console", "console=tty", "file"],
    ],
    [["mitigations=off", "rw"], ["mitigations=off"]],
  ])("of %j misses %j", (present, missing) => {
    expect(missingArguments(line, present)).toEqual(missing);
  });

  test.each([
    [["quiet"], ["quiet"]],
    [["console"], ["console=tty0", "console=ttyS0,115200"]],
    [["console=tty0"], ["console=tty0"]],
    [["con", "console=", "root=LABEL", "BOOT"], []],
  ])("with %j unwanted holds %j of it", (absent, found) => {
    expect(unwantedArguments(line, absent)).toEqual(found);
  });

  test("shows how much of what is wanted holds", () => {
    expect(heldArguments(line, { present: ["quiet", "nosmt"], absent: ["console", "rhgb", "rw=1"] })).toEqual(
      { present: ["quiet"], absent: ["rhgb", "rw=1"] },
    );
  });
});
