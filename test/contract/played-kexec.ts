// Part of a stand-in for a machine: what bundles do to it, from the upload to the jump into their kernel.
import { createHash } from "node:crypto";
import { bundleText, installerInit, kernels, type PlayedMachine, type Rule } from "./machine-parts";
import { commandLine } from "./machine-probe";

/** What is wrong with a bundle stands in it. */
export const bundles = {
  good: bundleText,
  noBundle: "an error page",
  notLoadable: `${bundleText} cannot be loaded`,
  refused: `${bundleText} is refused by the kernel at last`,
  silent: `${bundleText} is unloaded in the delay`,
  panics: `${bundleText} panics, and the old system comes back`,
};

const is = ({ ram }: PlayedMachine, kind: keyof typeof bundles): boolean => ram.bundle === bundles[kind];

export const kexecRules: readonly Rule[] = [
  {
    name: "boot_id",
    pattern: /^cat \/proc\/sys\/kernel\/random\/boot_id\n/,
    play: (machine) => ({ stdout: `${machine.ram.bootId}\ncommand line: ${commandLine(machine)}\n` }),
  },
  {
    name: "unpack",
    pattern: /\[ "\$seen" = ([0-9a-f]{64}) \][\s\S]*tar -xzf/,
    play: (machine, match) => {
      const { ram } = machine;
      if (sha256(ram.bundle) !== match[1])
        return { exitCode: 1, stderr: `the host has sha256 ${sha256(ram.bundle)}\n` };
      if (is(machine, "noBundle")) return { exitCode: 2, stderr: "gzip: stdin: not in gzip format\n" };
      ram.unpacked = true;
      return {};
    },
  },
  {
    name: "rehearse kexec",
    pattern: /\.\/kexec --load bzImage .* --no-checks /,
    play: (machine) => {
      if (!machine.ram.unpacked) return { exitCode: 2, stderr: "cd: can't cd to kexec\n" };
      if (is(machine, "notLoadable"))
        return { exitCode: 255, stderr: "kexec_load failed: Cannot allocate memory\n" };
      const release = machine.quirks.architecture === "aarch64" ? "" : kernels.installer;
      return { stdout: `init init=${installerInit}\nrelease ${release}\n` };
    },
  },
  {
    name: (match) => `kexec${match[1] === undefined ? "" : ` with ${match[1]}`}`,
    pattern: /kexec && \.\/run(?: --kexec-extra-flags '(.*)')?$/,
    play: (machine) => {
      const { ram, quirks } = machine;
      if (!ram.unpacked) return { exitCode: 2, stderr: "cd: can't cd to kexec\n" };
      if (ram.kexecLoaded) machine.violations.push("kexec over one that is still loaded");
      if (!machine.mayKexec.has(machine.system)) machine.violations.push(`kexec in ${machine.system}`);
      if (is(machine, "refused")) return { exitCode: 1, stdout: "kexec failed, dumping dmesg\n" };
      if (is(machine, "silent")) ram.kexecLoaded = true;
      else if (is(machine, "panics")) machine.leaveFor("debian");
      else if (!quirks.kexecDoesNothing) machine.leaveFor("installer");
      return { stdout: "machine will boot into nixos in 6s...\n" };
    },
  },
  {
    name: "kexec_loaded",
    pattern: /^cat \/sys\/kernel\/kexec_loaded$/,
    play: ({ ram }) => ({ stdout: ram.kexecLoaded ? "1\n" : "0\n" }),
  },
  {
    name: "stand down",
    pattern: /^for p in \/proc\/\[0-9\]\*; do[\s\S]*kexec --unload$/,
    play: ({ ram }) => {
      ram.kexecLoaded = false;
      return {};
    },
  },
];

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
