import { BlankProgram } from "./blank-program";

// An address of the documentation range, at which nothing ever answers: a preview must not need it.
const source = `
import { NixosHost } from "pulumi-immutable-os";

const toplevel = "/nix/store/00000000000000000000000000000000-nixos-system-web-25.11";

const web = new NixosHost("web", {
  machine: "web",
  connection: { host: "192.0.2.1", hostKey: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
  install: { probeInPreview: false },
  system: { toplevel },
});

export const id = web.id;
`;

describe("the package as it is published", () => {
  let program: BlankProgram;
  let files: string[];

  beforeAll(async () => {
    program = await BlankProgram.create(source);
    files = await program.pack();
    await program.install();
  });
  afterAll(() => program.remove());

  test("carries the compiled product and its papers, nothing else", () => {
    const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    expect(files.filter((path) => !path.startsWith("dist/")).sort()).toEqual(papers);
    expect(files).toEqual(
      expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "dist/runtime/provider.js"]),
    );
    expect(files.filter((path) => !/\.(js|d\.ts)$/.test(path)).sort()).toEqual(
      [...papers.slice(0, 4)].sort(),
    );
  });

  test("type-checks in a program that uses it", async () => {
    await program.run("node", ["node_modules/typescript/bin/tsc", "--noEmit", "--skipLibCheck"]);
  });

  test("offers the provider under the path that is written into every state", async () => {
    const script =
      'console.log(Object.keys(require("pulumi-immutable-os/provider").NixosHost).sort().join(" "))';
    const methods = (await program.run("node", ["-e", script])).trim().split(" ");
    expect(methods).toEqual(expect.arrayContaining(["check", "create", "delete", "diff", "read", "update"]));
  });

  test("previews a new host without touching the network", async () => {
    const { steps } = await program.preview();
    const host = steps.find(({ urn }) => urn.endsWith(":NixosHost::web"));
    expect(host?.op).toBe("create");
    expect(host?.newState?.inputs?.["__provider"]).toBe(
      'exports.handler=()=>require("pulumi-immutable-os/provider").NixosHost;',
    );
  });
});
