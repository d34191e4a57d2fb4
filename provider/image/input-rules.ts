import { repeated, type InputRule as Rule } from "../core/input-rule";
import { isRoot, loginRules, sudoPasswordUsed, type HostPlace } from "../host/login-rules";
import { wholeRegistryLogin } from "../host/registry-login";
import type { ImageInputs } from "./schema";

type InputRule = Rule<ImageInputs>;

const builder: HostPlace<ImageInputs> = {
  path: "builder.connection",
  of: (inputs) => inputs.builder?.connection,
  neverNew:
    'must be the builder\'s public key or fingerprint: "accept-new" is for machines whose first key the state pins',
};

export const loginHosts = [builder];

export const inputRules: readonly InputRule[] = [
  ...loginRules(loginHosts),
  sudoPasswordUsed("builder.connection", ["builder.connection.user"], (inputs) =>
    isRoot(inputs.builder?.connection?.user) ? inputs.builder?.connection : undefined,
  ),
  ...wholeRegistryLogin("base", (inputs: ImageInputs) => inputs.base),
  ...wholeRegistryLogin("registry", (inputs: ImageInputs) => inputs.registry),
  {
    path: "base.reference",
    reads: ["base"],
    problem: ({ base }) => (base.digest === "" ? "must lead to a digest, and none was found" : undefined),
  },
  {
    path: "kernel.rpms",
    reads: ["kernel", "kernelRelease"],
    problem: ({ kernelRelease }) =>
      kernelRelease === "" ? "must say a kernel's release, and none was found in them" : undefined,
  },
  {
    path: "kernel.rpms",
    reads: ["kernel.rpms"],
    problem: ({ kernel: { rpms } }) => {
      const twice =
        repeated(rpms.map(({ sha256 }) => sha256)) ??
        repeated(rpms.map(({ url, path }) => url ?? path ?? ""))?.replace(/[?#].*/s, "");
      return twice && `names one RPM twice: ${twice}`;
    },
  },
  {
    path: "packages.remove",
    reads: ["packages.add", "packages.remove"],
    problem: ({ packages }) => {
      const both = packages?.remove?.find((name) => packages.add?.includes(name));
      return both && `names ${both}, which packages.add names as well`;
    },
  },
  {
    path: "packages.remove",
    reads: ["packages.remove"],
    problem: ({ packages }) => {
      const kernel = packages?.remove?.find((name) => /^kernel(-|$)/.test(name));
      return kernel && `names ${kernel}: packages of a kernel go with its replacement, in kernel.remove`;
    },
  },
  {
    path: "dracut.omitModules",
    reads: ["dracut.addModules", "dracut.omitModules"],
    problem: ({ dracut }) => {
      const both = dracut?.omitModules?.find((name) => dracut.addModules?.includes(name));
      return both && `names ${both}, which dracut.addModules names as well`;
    },
  },
  {
    path: "registry.tags",
    reads: ["registry.tags"],
    problem: ({ registry }) => {
      const twice = repeated(registry.tags ?? []);
      return twice && `names one tag twice: ${twice}`;
    },
  },
  {
    path: "files",
    reads: ["files"],
    problem: ({ files }) => {
      const paths = Object.keys(files ?? {});
      const both = paths.find((path) => paths.some((other) => other.startsWith(`${path}/`)));
      return both && `names ${both} as a file, and a file below it`;
    },
  },
];
