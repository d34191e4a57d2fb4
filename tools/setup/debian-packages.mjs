import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onPath, root } from "./paths.mjs";
import { attempt, run, SetupError } from "./process.mjs";
import { withLock } from "./lock.mjs";
import { say, step } from "./say.mjs";

const list = join(root, "tools", "apt-packages.txt");

/** Installs the Debian packages of tools/apt-packages.txt that this machine lacks. */
export async function ensureDebianPackages() {
  const wanted = readList();
  if ((await missing(wanted)).length > 0) await withLock("debian-packages", () => install(wanted));
}

/** One package a line; what follows `#` says what it is for. */
function readList() {
  if (!existsSync(list)) return [];
  return readFileSync(list, "utf8")
    .split("\n")
    .map((line) => line.split("#").map((part) => part.trim()))
    .filter(([name]) => name)
    .map(([name, purpose]) => ({ name, purpose }));
}

async function missing(packages) {
  if (packages.length === 0) return [];
  if (!onPath("dpkg-query")) {
    throw new SetupError(
      `The test lab needs these Debian packages, and this is not a Debian-like machine: ${names(packages).join(" ")}`,
    );
  }
  const { output } = await attempt("dpkg-query", [
    "-W",
    "-f",
    "${Package} ${db:Status-Status}\\n",
    ...names(packages),
  ]);
  const installed = new Set(output.split("\n"));
  return packages.filter(({ name }) => !installed.has(`${name} installed`));
}

async function install(wanted) {
  const packages = await missing(wanted);
  if (packages.length === 0) return;
  for (const { name, purpose } of packages)
    say(`Debian package ${name} is missing${purpose ? ` (${purpose})` : ""}`);
  await aptInstall(names(packages));
}

/** Also used for single tools that only some machines need. */
export async function aptInstall(packages) {
  const privilege = await rootPrivilege(packages);
  const apt = (...args) =>
    run(privilege[0] ?? "apt-get", [...privilege.slice(1), ...(privilege[0] ? ["apt-get"] : []), ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  await step("apt-get update", () => apt("update", "-q"));
  await step(`apt-get install ${packages.join(" ")}`, () =>
    apt("install", "-q", "-y", "--no-install-recommends", ...packages),
  );
}

async function rootPrivilege(packages) {
  if (process.getuid?.() === 0) return [];
  const { code } = await attempt("sudo", ["-n", "true"]);
  if (code === 0) return ["sudo", "-n", "--preserve-env=DEBIAN_FRONTEND"];
  throw new SetupError(
    `Missing Debian packages, and neither root nor passwordless sudo to install them. Run:\n` +
      `  sudo apt-get install --no-install-recommends ${packages.join(" ")}`,
  );
}

function names(packages) {
  return packages.map(({ name }) => name);
}
