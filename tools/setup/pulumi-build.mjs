import { join } from "node:path";
import { aptInstall } from "./debian-packages.mjs";
import { atLeast, firstOnPath, isExecutable, onPath, root } from "./paths.mjs";
import { attempt, run, SetupError } from "./process.mjs";
import { step } from "./say.mjs";

// From 1.21 on Go fetches by itself the newer toolchain that a go.mod asks for.
const goWanted = "1.21";
const usualPlace = "/usr/local/go/bin";

/** Builds the CLI and its language host from the two Go modules in tools/ into `folder`. */
export async function buildPulumi(version, folder) {
  await ensureGo();
  const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
  await build("pulumi-cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", join(folder, "pulumi"), stamp);
  const languageHost = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
  await build("pulumi-language-nodejs", languageHost, join(folder, "pulumi-language-nodejs"));
}

async function build(module, main, output, stamp = "") {
  const count = { fetched: 0, compiled: 0 };
  const onOutput = (text) => {
    for (const line of text.split("\n").filter(Boolean)) {
      count[line.startsWith("go: downloading") ? "fetched" : "compiled"]++;
    }
  };
  const options = {
    cwd: join(root, "tools", module),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
    onOutput,
  };
  const flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", `-s -w ${stamp}`.trim(), "-o", output];
  await step(
    `building ${module} with Go (minutes the first time)`,
    () => run("go", ["build", ...flags, main], options),
    () => `, ${count.fetched} modules fetched, ${count.compiled} packages compiled`,
  );
}

async function ensureGo() {
  if (!onPath("go") && isExecutable(join(usualPlace, "go"))) firstOnPath(usualPlace);
  if (!onPath("go") && onPath("apt-get")) await aptInstall(["golang-go"]);
  const { code, output } = onPath("go")
    ? await attempt("go", ["env", "GOVERSION"])
    : { code: 127, output: "none" };
  if (code === 0 && atLeast(output.trim().replace(/^go/, ""), goWanted)) return;
  throw new SetupError(
    `The Pulumi CLI could not be downloaded, and building it needs Go >= ${goWanted} (found: ${output.trim()}).\n` +
      "Install either one and start again: https://www.pulumi.com/docs/install/ or https://go.dev/doc/install",
  );
}
