import { consequences } from "../../../provider/nixos/consequences";
import { alpha, beta, inputsOf, stateWith } from "../support/builders";

const install = inputsOf().install;
const line = (names: string) =>
  `${names} changed: only an install uses that, the installed machine keeps what it has`;

test("a changed file or key is said to be for an install only, without its content", () => {
  const news = inputsOf({
    install: {
      ...install,
      extraFiles: { "/a": { content: "TOPSECRET" } },
      diskEncryptionKeys: { "/tmp/k": { content: "TOPSECRET" } },
    },
  });
  const { reinstall, lines } = consequences(stateWith(), news);
  expect(reinstall).toBe(false);
  expect(lines).toEqual([line("install.extraFiles, install.diskEncryptionKeys")]);
});

test("beside an update it is said, too", () => {
  const news = inputsOf({
    install: { ...install, sshHostKeys: { rsa: { content: "TOPSECRET" } } },
    booted: { kernelRelease: "6.1.0-c", toplevel: beta },
    current: { toplevel: beta },
    bootDefault: { toplevel: beta },
  });
  const { lines } = consequences(stateWith(), news);
  expect(lines[0]).toBe(line("install.sshHostKeys"));
  expect(lines.join()).toContain("beta");
  expect(lines.join()).not.toContain("TOPSECRET");
});

test.each([
  ["the same files", { "/a": { content: "x", mode: undefined } }, { "/a": { content: "x" } }],
  ["none before and an empty map now", undefined, {}],
])("%s: nothing is said", (_, before, now) => {
  const state = stateWith({}, inputsOf({ install: { ...install, extraFiles: before } }));
  const news = inputsOf({ install: { ...install, extraFiles: now }, current: { toplevel: alpha } });
  expect(consequences(state, news).lines).toEqual([]);
});
