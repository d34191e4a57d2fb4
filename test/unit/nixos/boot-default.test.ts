import { parseBootDefault, type BootDefault } from "../../../provider/nixos/boot-default";
import { alpha, beta } from "../support/builders";

const nothing: BootDefault = { loader: "", toplevel: "", kernelBytes: undefined, initrdBytes: undefined };
const read = (sections: Record<string, string>): BootDefault =>
  parseBootDefault(new Map(Object.entries(sections).map(([name, text]) => [`live-${name}`, text])), "live-");

test("no boot loader's files: nothing is guessed", () => expect(read({})).toEqual(nothing));

test("another prefix's sections are not looked at", () => {
  const sections = new Map([["mnt-extlinux", `DEFAULT a\nLABEL a\n APPEND init=${alpha}/init`]]);
  expect(parseBootDefault(sections, "live-")).toEqual(nothing);
  expect(parseBootDefault(sections, "mnt-").toplevel).toBe(alpha);
});

describe("systemd-boot", () => {
  const entry = (name: string, toplevel: string, file = name): string =>
    `entry ${name}\nlinux /EFI/nixos/${file}-bzImage.efi\ninitrd /EFI/nixos/${file}-initrd.efi\noptions init=${toplevel}/init quiet\n`;
  const entries = entry("nixos-generation-1.conf", alpha) + entry("nixos-generation-10.conf", beta);

  test.each([
    ["a file name", "default nixos-generation-1.conf", "", alpha],
    ["a name without its ending", "default nixos-generation-1", "", alpha],
    ["a pattern", "default nixos-generation-?.conf", "", alpha],
    ["a pattern for several takes the last", "default nixos-*", "", beta],
    ["spaces and tabs", "default \t nixos-generation-1.conf", "", alpha],
    ["a pattern with text behind", "default nixos-generation-1*0", "", beta],
    [
      "the EFI variable goes before the file",
      "default nixos-generation-1.conf",
      "nixos-generation-10.conf",
      beta,
    ],
    [
      "an EFI variable that names no entry is stale: the file counts",
      "default nixos-generation-1.conf",
      "nixos-generation-7.conf",
      alpha,
    ],
    ["a stale EFI variable, and no default", "timeout 5", "nixos-generation-7.conf", ""],
    ["the EFI variable may be a pattern", "", "nixos-generation-?.conf", alpha],
    ["a dot is only a dot", "default nixos-generation-1xconf", "", ""],
    ["an entry that does not exist", "default windows.conf", "", ""],
    ["no default at all", "timeout 5", "", ""],
  ])("%s", (_, configuration, variable, toplevel) => {
    const found = read({ "sd-boot": `${configuration}\n${entries}`, "sd-boot-variable": variable });
    expect(found.toplevel).toBe(toplevel);
    expect(found.loader).toBe(toplevel === "" ? "" : "systemd-boot");
  });

  test.each([
    ["both files are there", "100 /boot/EFI/nixos/g-bzImage.efi\n200 /boot/EFI/nixos/g-initrd.efi", 100, 200],
    ["the initrd is missing", "100 /boot/EFI/nixos/g-bzImage.efi", 100, 0],
    ["the initrd is empty", "100 /boot/EFI/nixos/g-bzImage.efi\n0 /boot/EFI/nixos/g-initrd.efi", 100, 0],
    ["the folder is empty", "", 0, 0],
  ])("%s", (_, files, kernelBytes, initrdBytes) => {
    const sections = { "sd-boot": `default g.conf\n${entry("g.conf", alpha, "g")}`, "boot-files": files };
    expect(read(sections)).toEqual({ loader: "systemd-boot", toplevel: alpha, kernelBytes, initrdBytes });
  });
});

describe("extlinux", () => {
  const label = (name: string, toplevel: string, folder = "../nixos/"): string =>
    `LABEL ${name}\n  LINUX ${folder}${name}-bzImage\n  INITRD ${folder}${name}-initrd\n  APPEND init=${toplevel}/init console=ttyS0\n`;
  const labels = label("nixos-default", beta) + label("nixos-1", alpha);

  test.each([
    ["the label of DEFAULT", `DEFAULT nixos-default\n${labels}`, beta],
    ["not the first one", `DEFAULT nixos-1\n${labels}`, alpha],
    ["a label that does not exist", `DEFAULT nixos-7\n${labels}`, ""],
    ["no DEFAULT", labels, ""],
    ["a label that only begins alike", `DEFAULT nixos\n${labels}`, ""],
  ])("%s", (_, content, toplevel) => expect(read({ extlinux: content }).toplevel).toBe(toplevel));

  test("sizes are those of the chosen entry's files", () => {
    const files =
      "5 /boot/nixos/nixos-1-bzImage\n6 /boot/nixos/nixos-1-initrd\n7 /boot/nixos/nixos-default-bzImage";
    const found = read({ extlinux: `DEFAULT nixos-default\n${labels}`, "boot-files": files });
    expect(found).toEqual({ loader: "extlinux", toplevel: beta, kernelBytes: 7, initrdBytes: 0 });
  });
});

describe("grub", () => {
  const body = (name: string, toplevel: string): string =>
    `  linux ($drive1)//kernels/${name}-bzImage init=${toplevel}/init loglevel=4\n  initrd ($drive1)//kernels/${name}-initrd\n`;
  const menu = (configured: string): string =>
    `set default=${configured}\n` +
    `menuentry "NixOS" --class nixos --unrestricted {\n${body("new", beta)}` +
    `submenu "NixOS - All configurations" --class submenu {\n` +
    `menuentry "NixOS - Configuration 2" --class nixos --id nixos-2 {\n${body("new", beta)}` +
    `menuentry 'NixOS - Configuration 1' --class nixos --id "nixos-1" {\n${body("old", alpha)}`;

  test.each([
    ["a number", "0", "", beta],
    ["a quoted number", '"0"', "", beta],
    ["the saved entry, by its number", '"${saved_entry}"', "saved_entry=0", beta],
    [
      "the saved entry, by its name in a submenu",
      '"${saved_entry}"',
      "saved_entry=NixOS - All configurations>NixOS - Configuration 1",
      alpha,
    ],
    ["the saved entry, by its id", '"${saved_entry}"', "saved_entry=nixos-1", alpha],
    ["nothing saved: the first", '"${saved_entry}"', "saved_entry=", beta],
    ["a saved entry that is not asked for", "0", "saved_entry=nixos-1", beta],
    ["next_entry, for one boot, goes before all", "0", "saved_entry=0\nnext_entry=nixos-1", alpha],
  ])("%s", (_, configured, grubenv, toplevel) => {
    expect(read({ grub: menu(configured), grubenv })).toMatchObject({ loader: "grub", toplevel });
  });

  test.each([
    ["an id", "nixos-1", alpha],
    ["the saved entry", "${saved_entry}", alpha],
    ["the first", "0", beta],
  ])("the default for one boot is skipped: %s behind it counts", (_, configured, toplevel) => {
    const once = `  set default="\${next_entry}"\n  set default="${configured}"\n`;
    const found = read({ grub: once + menu("0").replace(/^.*\n/, ""), grubenv: "saved_entry=nixos-1" });
    expect(found).toMatchObject({ loader: "grub", toplevel });
  });

  test.each([
    ["/nix/store/", "/nix/store/"],
    ["behind a drive", "($drive1)/nix/store/"],
    ["on a partition of its own", "($drive1)/store/"],
    ["behind two slashes", "($drive1)//nix/store/"],
  ])("kernels that lie in the store are not looked at below /boot: %s", (_, store) => {
    const path = (letter: string): string => `${store}${letter.repeat(32)}`;
    const grub = `set default=0\nmenuentry "NixOS" {\n  linux ${path("k")}-linux/bzImage init=${alpha}/init\n  initrd ${path("r")}-initrd/initrd`;
    expect(read({ grub })).toEqual({
      loader: "grub",
      toplevel: alpha,
      kernelBytes: undefined,
      initrdBytes: undefined,
    });
  });

  test("a missing initrd counts as empty", () => {
    expect(read({ grub: menu("0"), "boot-files": "9 /boot/kernels/new-bzImage" })).toMatchObject({
      kernelBytes: 9,
      initrdBytes: 0,
    });
  });
});

test.each([
  [`init=${alpha}/init`, alpha],
  [`quiet init=${alpha}/init root=fstab`, alpha],
  ["init=/sbin/init", ""],
  [`rd.systemd.unit=x myinit=${alpha}/initrd`, ""],
])("the toplevel of %s", (options, toplevel) => {
  expect(read({ extlinux: `DEFAULT a\nLABEL a\n LINUX /k\n APPEND ${options}` }).toplevel).toBe(toplevel);
});
