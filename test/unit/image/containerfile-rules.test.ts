import { spawnSync } from "node:child_process";
import { containerfile } from "../../../provider/image/containerfile";
import type { ImageInputs } from "../../../provider/image/schema";
import type { BaseFacts } from "../../../provider/image/types";
import { imageInputsOf } from "../support/image-builders";
import { kernel, release, rpmsOf, rtInputs, rtRpms } from "../support/image-kernels";
import { baseFacts } from "../support/image-looks";

const fileOf = (changes: Partial<ImageInputs>, base: Partial<BaseFacts> = {}): string =>
  containerfile(imageInputsOf(changes), baseFacts("base-fcos-42", base), rpmsOf(kernel));
const instructionsOf = (text: string): string[] =>
  text
    .replaceAll("\\\n", "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("the rules", () => {
  test("a kernel of another name with dnf: removed without what it needed, and installed in the same step", () => {
    const text = containerfile(rtInputs, baseFacts("base-fedora-bootc-dnf"), rtRpms);
    const step = instructionsOf(text).find((line) => line.includes("/run/rpms/"));
    expect(step).toContain(
      "dnf -y --setopt=installonlypkgs= --setopt=protect_running_kernel=False --setopt=clean_requirements_on_remove=False remove kernel kernel-core kernel-modules kernel-modules-core && ",
    );
    expect(step).toMatch(
      / install \/run\/rpms\/kernel-rt-core-\S+\.rpm \/run\/rpms\/kernel-rt-modules-\S+\.rpm$/,
    );
  });

  test("dracut is alone in its RUN, with an end, after depmod and after all that may change the image", () => {
    const steps = instructionsOf(fileOf({ run: ["echo x"], files: { "/etc/x": { content: "" } } }));
    const dracut = steps.findIndex((line) => line.includes("/usr/bin/dracut "));
    expect(steps.filter((line) => /\bdracut /.test(line))).toHaveLength(1);
    expect(steps[dracut]).toMatch(/^RUN timeout --kill-after=30 900 env \S+ \S+ \/usr\/bin\/dracut /);
    expect(steps[dracut - 1]).toContain(`depmod -a ${release}`);
    expect(steps[dracut + 1]).toMatch(/^RUN rpm-ostree cleanup -m .* ostree container commit$/);
    expect(steps.findIndex((line) => line === "RUN echo x")).toBeLessThan(dracut - 1);
  });

  test("an initramfs of a package's hook is gone before dracut runs, which may end without one", () => {
    const image = `/usr/lib/modules/${release}/initramfs.img`;
    const steps = instructionsOf(fileOf({ run: ["echo x"] }));
    const dracut = steps.findIndex((line) => line.includes("/usr/bin/dracut "));
    expect(steps[dracut - 1]).toMatch(new RegExp(` && +rm -f ${image} && `));
    expect(steps[dracut]).toMatch(
      new RegExp(` -f ${image} && +if \\[ -e ${image} \\]; then chmod 0600 ${image}; fi$`),
    );
  });

  test("/boot is emptied after the packages, and before the files and steps of the program", () => {
    const steps = instructionsOf(
      fileOf({ packages: { add: ["htop"] }, files: { "/etc/x": { content: "" } }, run: ["echo x"] }),
    );
    const emptied = steps.findIndex((line) => line.includes("/boot"));
    expect(steps[emptied - 1]).toBe("RUN rpm-ostree install htop");
    expect(steps[emptied]).toBe("RUN find /boot -mindepth 1 -delete");
    expect(steps.slice(emptied + 1).filter((line) => /\/boot|COPY|echo x/.test(line))).toEqual([
      'COPY --chmod=0644 ["files/0", "/etc/x"]',
      "RUN echo x",
    ]);
  });

  test("a file whose path is a folder in the image ends the build before it is copied", () => {
    const check = (path: string) => {
      const steps = instructionsOf(
        fileOf({ files: { "/etc/none/a b": { content: "" }, [path]: { content: "" } } }),
      );
      const step = steps[steps.findIndex((line) => line.startsWith("COPY")) - 1] ?? "";
      const command = step.replace(/^RUN /, "");
      const [shell = "", ...words] = command.startsWith("[")
        ? (JSON.parse(command) as string[])
        : ["sh", "-c", command];
      const { status, stderr } = spawnSync(shell, words, { encoding: "utf8" });
      return { status, stderr };
    };
    expect(check("/usr/lib")).toEqual({
      status: 1,
      stderr: "files: /usr/lib is a folder in the image, and not to be a file\n",
    });
    expect(check("/usr/lib/no such 'file'")).toEqual({ status: 0, stderr: "" });
  });

  test("in a base with wrappers the real dracut is called", () => {
    const wrapped = "/usr/libexec/rpm-ostree/wrapped/dracut";
    expect(fileOf({}, { isCliwrapped: true, dracut: wrapped })).toContain(
      ` TMPDIR=/var/tmp ${wrapped} --no-hostonly `,
    );
  });

  test("a base without ostree container is cleaned by hand", () => {
    const text = fileOf({}, { hasOstreeContainer: false });
    expect(text).not.toContain("ostree container commit");
    expect(text).toContain("find /var/cache /var/tmp /tmp -mindepth 1 -delete");
  });

  test("FROM is by digest, whatever tag the program names", () => {
    const digest = `sha256:${"c".repeat(64)}`;
    for (const reference of [
      "r.example:5000/a/b:c",
      "r.example:5000/a/b",
      `r.example:5000/a/b:c@${digest}`,
    ]) {
      expect(fileOf({ base: { reference, digest } })).toContain(`\nFROM r.example:5000/a/b@${digest}\n`);
    }
  });

  test("the label of the kernel is set anew: the base's is of the base's kernel", () => {
    expect(fileOf({ labels: { a: "1" } })).toMatch(
      new RegExp(`\nLABEL "a"="1"\nLABEL "ostree.linux"="${release}"\n$`),
    );
  });
});

describe("a kernel that is not replaced as a whole", () => {
  const left =
    (rpms: string[], remove?: string[]): (() => string) =>
    () =>
      containerfile(
        imageInputsOf({ kernel: { rpms: imageInputsOf().kernel.rpms, ...(remove && { remove }) } }),
        baseFacts("base-scos-cliwrap"),
        rpmsOf(rpms),
      );

  test("is refused, with what to write", () => {
    expect(left(kernel)).toThrow(
      expect.objectContaining({
        code: "bad-input",
        details: expect.objectContaining({
          what: "kernel.rpms: kernel-modules-extra of the base would stay, and belongs to the kernel that goes",
          next: expect.stringContaining('kernel.remove: ["kernel-modules-extra"]'),
        }),
      }) as Error,
    );
  });

  test("tools of the kernel may stay", () => {
    expect(left(kernel, ["kernel-modules-extra"])()).toContain(
      "rpm-ostree override remove kernel-modules-extra --replace=/run/rpms/kernel-6.12.94-200.fc42.x86_64.rpm ",
    );
  });

  test("of another name altogether", () => {
    expect(left(["kernel-rt-core"])).toThrow(
      "kernel, kernel-core, kernel-modules, kernel-modules-core, kernel-modules-extra of the base",
    );
  });
});

/** Tried with buildah 1.28 on the lab's base: each came out of the build as it is written here. */
describe("text of the program stays where it belongs", () => {
  test.each([
    ["of one line", "echo a && echo 'b' > /etc/c", "RUN echo a && echo 'b' > /etc/c"],
    ["of several lines", "echo a\necho b", String.raw`RUN ["/bin/sh", "-e", "-c", "echo a\necho b"]`],
    ["that ends in a backslash", "echo a \\", String.raw`RUN ["/bin/sh", "-e", "-c", "echo a \\"]`],
    [
      "with a backslash",
      String.raw`printf 'a\tb'`,
      String.raw`RUN ["/bin/sh", "-e", "-c", "printf 'a\\tb'"]`,
    ],
    ["like a list", "[ -e /etc/x ]", `RUN ["/bin/sh", "-e", "-c", "[ -e /etc/x ]"]`],
    ["like a comment", "# x", `RUN ["/bin/sh", "-e", "-c", "# x"]`],
    [
      "like an option",
      "--mount=type=bind,target=/x cat",
      `RUN ["/bin/sh", "-e", "-c", "--mount=type=bind,target=/x cat"]`,
    ],
    ["like a here document", "cat <<X", `RUN ["/bin/sh", "-e", "-c", "cat <<X"]`],
    ["in other letters", "echo ä", `RUN ["/bin/sh", "-e", "-c", "echo ä"]`],
    ["with the separator of a list", 'echo "a","b"', `RUN echo "a","b"`],
    [
      "with it on two lines",
      'echo "a","b"\n:',
      String.raw`RUN ["/bin/sh", "-e", "-c", "echo \"a\",\"b\"\n:"]`,
    ],
  ])("a step %s", (_, step, line) => expect(instructionsOf(fileOf({ run: [step] }))).toContain(line));

  test("a path with everything that a parser could take for its own", () => {
    const path = `/usr/lib/a $HOME 'q' "d" \\b *?[x]`;
    expect(fileOf({ files: { [path]: { content: "", mode: "0640" } } })).toContain(
      String.raw`COPY --chmod=0640 ["files/0", "/usr/lib/a \\$HOME \\'q\\' \\\"d\\\" \\\\b *?[x]"]`,
    );
  });

  test("a label", () => {
    expect(fileOf({ labels: { "a.b": "say \"x\" $HOME \\ 'y' #z" } })).toContain(
      String.raw`LABEL "a.b"="say \"x\" \$HOME \\ 'y' #z"`,
    );
  });

  test("words of commands", () => {
    const inputs = imageInputsOf({
      dracut: { extraArguments: ["--zstd", "--install=/a b", "--install=/c'd; reboot"] },
    });
    expect(containerfile(inputs, baseFacts("base-fcos-42"), rpmsOf(kernel))).toContain(
      String.raw` --zstd '--install=/a b' '--install=/c'\\''d; reboot' -f `,
    );
  });

  test.each([
    [
      "a wrapper before dracut",
      { run: ["ls", "rpm-ostree cliwrap install-to-root /"] },
      "run[1]: rpm-ostree cliwrap",
    ],
    ["a line break in a label", { labels: { a: "b\nRUN reboot" } }, 'labels: "a" has a line break'],
  ])("refused: %s", (_, changes, what) => {
    const inputs = { ...imageInputsOf(), ...changes };
    expect(() => containerfile(inputs, baseFacts("base-fcos-42"), rpmsOf(kernel))).toThrow(what);
  });
});
