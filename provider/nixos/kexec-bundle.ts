import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import { quote } from "../core/quote";
import type { NixosContext } from "./context";
import { uploadFolder } from "./facts";
import type { KexecImage } from "./kexec-image";
import type { NixosSpec } from "./spec";

const tarball = `${uploadFolder}/bundle.tar.gz`;
export const bundleFolder = `${uploadFolder}/kexec`;

/** Uploads and unpacks, and lets the host compute the hash of what arrived. */
export async function uploadBundle(context: NixosContext, image: KexecImage): Promise<void> {
  const { session, progress, spec } = context;
  const shell = await session.shell();
  const deadline = { deadlineSeconds: spec.deadlines.phaseSeconds };
  const present = await shell.run(`sha256sum ${tarball} 2>/dev/null | grep -q '^${image.sha256} '`, deadline);
  if (present.exitCode !== 0) {
    // The one before makes room for this one.
    const room = `mkdir -p -m 700 ${uploadFolder} && rm -rf ${bundleFolder} ${tarball}`;
    await shell.run(room, { deadlineSeconds: 60 });
    await shell.upload(image.path, tarball, {
      ...deadline,
      onProgress: (sent, total) =>
        progress.detail(`uploading the installer: ${bytes(sent)} of ${bytes(total)}`),
    });
  }
  progress.detail("unpacking the installer");
  const unpacked = await shell.run(
    `set -e
seen=$(sha256sum ${tarball} | cut -d' ' -f1)
[ "$seen" = ${image.sha256} ] || { echo "the host has sha256 $seen" >&2; exit 1; }
rm -rf ${bundleFolder}
tar -xzf ${tarball} -C ${uploadFolder}
cd ${bundleFolder}
for f in run kexec bzImage initrd; do [ -s $f ] || { echo "the bundle has no kexec/$f" >&2; exit 1; }; done`,
    deadline,
  );
  if (unpacked.exitCode !== 0) {
    throw new HostError("preflight-refused", {
      what: "the installer's bundle could not be unpacked on the host; nothing else was changed",
      expected: `kexec/{run,kexec,bzImage,initrd} of a tarball with sha256 ${image.sha256}`,
      seen: unpacked.stderr.trim(),
      next: "check install.kexec",
    });
  }
}

/** Loads the installer's kernel, sees that the kernel took it, unloads it: the real thing without the jump. */
export async function rehearseKexec(context: NixosContext): Promise<{ init: string; kernelRelease: string }> {
  const { session, progress, spec } = context;
  progress.detail("rehearsing the load of the installer's kernel");
  const result = await session.run(
    `set -e
cd ${bundleFolder}
init=$(grep -oE 'init="?/nix/store/[^ "]*' run | head -n 1 | tr -d '"')
[ -n "$init" ] || { echo "the bundle's run names no init= in a store" >&2; exit 1; }
at() { dd if=bzImage bs=1 skip=$1 count=4 2>/dev/null | tr -d '\\000'; }
built=; [ "$(at 514)" = HdrS ] && built=x86_64; [ "$(at 56)" = ARMd ] && built=aarch64
machine=$(uname -m)
[ "$built" = "" ] || [ "$built" = "$machine" ] || { echo "the bundle's kernel is for $built, the machine is $machine" >&2; exit 1; }
# as run itself: older kernels lack kexec_file_load
auto=; printf '6.1\\n%s\\n' "$(uname -r)" | sort -C -V && auto=--kexec-syscall-auto
offset=$(dd if=bzImage bs=1 skip=526 count=2 2>/dev/null | od -An -tu2 | tr -d ' ')
release=$(dd if=bzImage bs=1 skip=$((offset + 512)) count=120 2>/dev/null | tr '\\000' '\\n' | head -n 1 | cut -d' ' -f1)
echo "init $init"
echo "release $release"
./kexec --load bzImage --initrd=initrd --command-line "$init" --no-checks $auto ${extraFlags(spec)}
loaded=$(cat /sys/kernel/kexec_loaded)
./kexec --unload
[ "$loaded" = 1 ] || { echo "kexec said 0, /sys/kernel/kexec_loaded says $loaded" >&2; exit 1; }`,
    { deadlineSeconds: 300 },
  );
  if (result.exitCode !== 0) {
    throw new HostError("kexec-load-failed", {
      what: "the installer's kernel cannot be loaded on this machine; nothing was changed",
      expected: "kexec --load to end with 0, and /sys/kernel/kexec_loaded to be 1",
      seen: (result.stderr.trim() || `exit code ${result.exitCode}`) + (await kernelWords(context)),
      next: "use a bundle for this architecture, give the machine more memory, or switch Secure Boot off",
    });
  }
  const value = (key: string): string => new RegExp(`^${key} (.*)$`, "m").exec(result.stdout)?.[1] ?? "";
  const release = value("release");
  // An aarch64 Image carries no version at this place; then the kernel is not compared.
  return { init: value("init"), kernelRelease: /^\d+\.\d+/.test(release) ? release : "" };
}

/** The bundle's own way into the installer; it fires `kexec -e` a while after it has ended. */
export function runCommand(spec: NixosSpec): string {
  const flags = extraFlags(spec);
  return `cd ${bundleFolder} && ./run${flags === "" ? "" : ` --kexec-extra-flags ${quote(flags)}`}`;
}

/** One text, which `run` hands to a shell: so the flags stand in the rehearsal as a shell reads them, too. */
function extraFlags({ inputs }: NixosSpec): string {
  return inputs.install?.kexecExtraFlags?.join(" ") ?? "";
}

/** After a kexec that failed: whatever of it is still on its way must not fire into what comes next. */
export async function standDown({ session }: NixosContext): Promise<void> {
  await session.run(
    `for p in /proc/[0-9]*; do
  tr '\\000' ' ' < $p/cmdline 2>/dev/null | grep -qE '${bundleFolder}/kexec.? -e' && kill -9 "\${p#/proc/}"
done
${bundleFolder}/kexec --unload`,
    { deadlineSeconds: 60 },
  );
}

/** "Nothing has been loaded!", "kexec: …", and what it says when the image does not fit into its memory. */
const wordsOnKexec = "kexec|lockdown|Nothing has been loaded|vmalloc error|Out of memory";

/** What the kernel itself said of kexec since it booted. */
export async function kernelWords(context: NixosContext): Promise<string> {
  const words = await context.session
    .run(
      `{ dmesg 2>/dev/null || journalctl -k -b 0 --no-pager -o cat 2>/dev/null; } | grep -iE ${quote(wordsOnKexec)} | tail -n 12`,
      { deadlineSeconds: 15 },
    )
    .catch(() => undefined);
  return words?.stdout.trim() ? `\nthe kernel says:\n${words.stdout.trim()}` : "";
}
