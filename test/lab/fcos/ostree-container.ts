import { cp } from "node:fs/promises";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { cached, recipeKey } from "../cache";
import { quote, run, sh, type Log } from "../shell";

const crate = join(__dirname, "ostree-container");
const OLDEST_RUST = { version: "1.89", major: 1, minor: 89 };
const BUILD_MINUTES = 25;

/** The real `ostree container`, built once from its crate. */
export async function ostreeContainer(log: Log): Promise<string> {
  const folder = await cached("ostree-container", recipeKey(crate), async (dir) => {
    const cargo = await findCargo();
    log("building ostree-container from its crate (about 4 min)");
    // Cargo writes a lock file and hundreds of megabytes next to its sources: in a copy.
    await cp(crate, join(dir, "crate"), { recursive: true });
    await sh(
      `
      ${quote(cargo)} build --release --quiet --manifest-path crate/Cargo.toml --target-dir target
      mv target/release/ostree-container .
      rm -rf crate target
      `,
      {
        cwd: dir,
        timeoutSeconds: BUILD_MINUTES * 60,
        // Cargo looks for rustc on PATH, and lies beside it.
        env: { PATH: `${dirname(cargo)}:${process.env["PATH"] ?? ""}` },
      },
    );
  });
  return join(folder, "ostree-container");
}

async function findCargo(): Promise<string> {
  const usualPlace = join(homedir(), ".cargo", "bin", "cargo");
  const cargo = existsSync(usualPlace) ? usualPlace : "cargo";
  const { stdout } = await run(cargo, ["--version"]).catch(() => ({ stdout: "" }));
  const [, major, minor] = /^cargo (\d+)\.(\d+)\./.exec(stdout) ?? [];
  if (Number(major) === OLDEST_RUST.major && Number(minor) >= OLDEST_RUST.minor) return cargo;
  throw new Error(
    `the lab's ostree needs Rust ${OLDEST_RUST.version} or newer, with cargo on PATH (found: ${stdout.trim() || "none"})`,
  );
}
