import { isKernelPackage, kernelReleaseOf } from "../../../provider/image/kernel-release";
import type { RpmHeader } from "../../../provider/image/types";

const header = (name: string, changes: Partial<RpmHeader> & { uname?: string } = {}): RpmHeader => {
  const { uname, ...rest } = changes;
  const provides = uname === undefined ? [] : [{ name: `${name}-uname-r`, version: uname }];
  return { name, version: "6.12.9", release: "200.fc41", architecture: "x86_64", provides, ...rest };
};

const trio = [
  header("kernel"),
  header("kernel-core", { uname: "6.12.9-200.fc41.x86_64" }),
  header("kernel-modules-core", { uname: "6.12.9-200.fc41.x86_64" }),
  header("kernel-modules", { uname: "6.12.9-200.fc41.x86_64" }),
];

test.each<[string, RpmHeader[], string]>([
  ["Fedora's packages", trio, "6.12.9-200.fc41.x86_64"],
  [
    "a realtime kernel, whose release has a suffix that version-release.arch has not",
    [
      header("kernel-rt-core", { uname: "5.14.0-503.el9.x86_64+rt", version: "5.14.0", release: "503.el9" }),
      header("kernel-rt-modules-core", { version: "5.14.0", release: "503.el9" }),
    ],
    "5.14.0-503.el9.x86_64+rt",
  ],
  ["a core without a word of uname", [header("kernel-core")], "6.12.9-200.fc41.x86_64"],
  ["a core with an empty word of uname", [header("kernel-core", { uname: "" })], "6.12.9-200.fc41.x86_64"],
  ["a kernel in one package", [header("kernel")], "6.12.9-200.fc41.x86_64"],
  [
    "another packager's name",
    [header("kernel-cachyos", { provides: [{ name: "kernel-uname-r", version: "6.12.9-cb1.0.x86_64" }] })],
    "6.12.9-cb1.0.x86_64",
  ],
  [
    "a module of its own version beside it",
    [...trio, header("kmod-wireguard", { version: "1.0", release: "3" })],
    "6.12.9-200.fc41.x86_64",
  ],
  [
    "firmware without an architecture",
    [...trio, header("linux-firmware", { architecture: "noarch" })],
    "6.12.9-200.fc41.x86_64",
  ],
])("%s", (_, headers, release) => {
  expect(kernelReleaseOf(headers, { architecture: "x86_64" })).toBe(release);
});

test("the release that is declared, when it is right", () => {
  expect(kernelReleaseOf(trio, { release: "6.12.9-200.fc41.x86_64" })).toBe("6.12.9-200.fc41.x86_64");
});

test.each<[string, RpmHeader[], Parameters<typeof kernelReleaseOf>[1], RegExp]>([
  [
    "a release without its dist tag",
    trio,
    { release: "6.12.9-200.x86_64" },
    /^kernel\.release .*\n.*expected: 6\.12\.9-200\.x86_64\n.*seen: +6\.12\.9-200\.fc41\.x86_64, by kernel-core-/,
  ],
  [
    "modules alone",
    [header("kernel-modules-core")],
    {},
    /no package with a kernel's image[\s\S]*seen: +kernel-modules-core/,
  ],
  ["no kernel at all", [header("vim")], {}, /seen: +vim-6\.12\.9/],
  ["two kernels", [...trio, header("kernel-rt-core")], {}, /two kernels[\s\S]*kernel-core-.*kernel-rt-core-/],
  [
    "a header that says no release",
    [header("kernel-core", { uname: "6.1/../x; reboot" })],
    {},
    /no release that a kernel can have[\s\S]*seen: +"6\.1\/\.\.\/x; reboot", by kernel-core-6/,
  ],
  [
    "modules of another build",
    [header("kernel-core"), header("kernel-modules", { release: "201.fc41" })],
    {},
    /^kernel\.rpms\[1\] is of another kernel than kernel\.rpms\[0\]/,
  ],
  [
    "another architecture",
    [header("kernel-core"), header("kernel-modules", { architecture: "aarch64" })],
    { architecture: "x86_64" },
    /^kernel\.rpms\[1\] is for another architecture[\s\S]*expected: x86_64/,
  ],
])("%s is refused", (_, headers, declared, text) => {
  expect(() => kernelReleaseOf(headers, declared)).toThrow(
    expect.objectContaining({ code: "bad-input" }) as Error,
  );
  try {
    kernelReleaseOf(headers, declared);
  } catch (error) {
    expect((error as { text(): string }).text()).toMatch(text);
  }
});

test("an epoch stands in the name", () => {
  expect(() => kernelReleaseOf([header("vim", { epoch: 2 })])).toThrow();
  try {
    kernelReleaseOf([header("vim", { epoch: 2 })]);
  } catch (error) {
    expect((error as { text(): string }).text()).toContain("vim-2:6.12.9-200.fc41.x86_64");
  }
});

test("what belongs to a kernel", () => {
  expect(trio.every(isKernelPackage)).toBe(true);
  expect(isKernelPackage(header("kmod-wireguard"))).toBe(false);
});
