import type { Deployment } from "./types";

/**
 * `<id> <release> <bytes of vmlinuz> <of initramfs.img> <modules.dep?>` of every kernel on the disk. The running system
 * is listed once more from /usr: its folder may be a mere shell around an image file.
 */
export const kernelsScript = `size() { stat -Lc %s "$1" 2>/dev/null || echo 0; }
kernels() {
  for k in "$1"/*/vmlinuz; do
    [ -e "$k" ] || continue
    k=\${k%/vmlinuz}
    [ -s "$k/modules.dep" ] && dep=yes || dep=no
    echo "$2 \${k##*/} $(size "$k/vmlinuz") $(size "$k/initramfs.img") $dep"
  done
}
m=usr/lib/modules
for d in /ostree/deploy/*/deploy/*.[0-9]*; do [ ! -d "$d/$m" ] || kernels "$d/$m" "\${d##*/}"; done
kernels /usr/lib/modules booted`;

export type Kernels = ReadonlyMap<string, Deployment["kernels"]>;

export function parseKernels(text: string): Kernels {
  const found = new Map<string, Deployment["kernels"]>();
  for (const line of text.split("\n")) {
    const [, id, release, kernel, initramfs, dep] = /^(\S+) (.+) (\d+) (\d+) (yes|no)$/.exec(line) ?? [];
    if (id === undefined || release === undefined) continue;
    const others = found.get(id) ?? [];
    found.set(id, [
      ...others,
      {
        release,
        kernelBytes: Number(kernel),
        initramfsBytes: Number(initramfs),
        hasModulesDep: dep === "yes",
      },
    ]);
  }
  return found;
}

export function kernelsOf(
  kernels: Kernels,
  deployment: { id: string; booted: boolean },
): Deployment["kernels"] {
  return kernels.get(deployment.id) ?? (deployment.booted ? kernels.get("booted") : undefined) ?? [];
}
