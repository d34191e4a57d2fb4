import { failed, ok, some, unchecked, type Inspection } from "./inspection";

/** The kernel itself, its package and its modules. */
export const kernelInspections: readonly Inspection[] = [
  {
    name: "single-kernel",
    inspect: ({ kernelFolders }) => {
      const kernels = kernelFolders.filter(({ kernel }) => kernel !== "none");
      const links = kernels.filter(({ kernel }) => kernel === "link");
      const names = kernels.map(({ release, kernel }) =>
        kernel === "link" ? `${release} (a link)` : release,
      );
      if (kernels.length === 1 && links.length === 0) return ok(names.join());
      return failed(
        "exactly one /usr/lib/modules/*/vmlinuz, a regular file",
        names.length === 0 ? "no kernel at all" : some(names),
        names.length > 1
          ? "machines would boot one of them, nobody says which: replace all packages of the base's kernel (kernel.rpms, kernel.remove), and let no step of run add another"
          : "let kernel.rpms name the package that holds the kernel itself (kernel-core)",
      );
    },
  },
  {
    name: "kernel-release",
    inspect: ({ kernelFolders }, _base, { kernelRelease }) => {
      const releases = kernelFolders.filter(({ kernel }) => kernel !== "none").map(({ release }) => release);
      if (releases.includes(kernelRelease)) return ok(kernelRelease);
      return failed(
        `the folder /usr/lib/modules/${kernelRelease}, with the kernel`,
        releases.length === 0 ? "no folder with a kernel" : some(releases),
        "the whole release counts, with its .fc or .el part and the architecture: leave kernel.release out, it is read from the RPMs",
      );
    },
  },
  {
    name: "kernel-package",
    inspect: ({ kernelPackage, hasRpm }, _base, { kernelRelease }) => {
      if (!hasRpm) return unchecked("the image has no rpm");
      const expected = `a package of kernel ${kernelRelease} that owns its vmlinuz`;
      const fix = "let no step of run put a kernel where packages put theirs; give it as RPMs in kernel.rpms";
      if (kernelPackage === undefined) return failed(expected, "no package owns it", fix);
      const { name, versionReleaseArch, unameReleases } = kernelPackage;
      const releases = unameReleases.length > 0 ? unameReleases : [versionReleaseArch];
      const seen = `${name}-${versionReleaseArch}`;
      return releases.includes(kernelRelease)
        ? ok(seen)
        : failed(expected, `${seen}, of kernel ${some(releases)}`, fix);
    },
  },
  {
    name: "module-index",
    inspect: ({ moduleIndexBytes }, _base, { kernelRelease }) =>
      moduleIndexBytes > 0
        ? ok(`modules.dep, ${moduleIndexBytes} bytes`)
        : failed(
            `/usr/lib/modules/${kernelRelease}/modules.dep, not empty`,
            "none, or an empty one",
            "depmod found no modules of this kernel: give the RPM of its modules (kernel-modules-core, kernel-modules) in kernel.rpms",
          ),
  },
  {
    name: "kernel-checksum",
    inspect: ({ hmac }) => {
      if (hmac === "") return ok("the kernel has none");
      const path = hmac.split(/\s+/)[1] ?? "";
      return path !== "" && !path.includes("/")
        ? ok(`for ${path}`)
        : failed(
            ".vmlinuz.hmac with a name beside it, without a folder",
            path === "" ? "no name in it" : path,
            "in FIPS mode the machine would stop: let no step of run write the file",
          );
    },
  },
  {
    name: "extra-modules",
    inspect: ({ extraModules, hasModinfo }, _base, { kernelRelease }) => {
      if (extraModules.length === 0) return ok("none");
      if (!hasModinfo) return unchecked("the image has no modinfo");
      const wrong = extraModules.filter(({ path, vermagic }) => {
        const [release] = vermagic.split(" ");
        // By their links another kernel's modules are lent on purpose; then the kernel compares symbols instead.
        const isLent = path.startsWith("weak-updates/") && /\bmodversions\b/.test(vermagic);
        return release !== kernelRelease && !isLent;
      });
      if (wrong.length === 0) return ok(`${extraModules.length} of this kernel`);
      return failed(
        `kernel modules built for ${kernelRelease}`,
        some(
          wrong.map(({ path, vermagic }) => `${path} for ${vermagic.split(" ")[0] || "an unknown kernel"}`),
        ),
        "the kernel would refuse them: give the packages that were built for it",
      );
    },
  },
];
