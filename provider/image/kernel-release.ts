import { HostError } from "../core/errors";
import { kernelRelease } from "../host/schema-values";
import type { RpmHeader } from "./types";

/**
 * What `uname -r` will say under the kernel that these RPMs hold, out of their headers alone. Fedora's and RHEL's
 * kernel.spec write it into a Provide of the package with the kernel's image, `kernel-core-uname-r` or
 * `kernel-rt-core-uname-r`; a kernel of another packager has version-release.arch.
 */
export function kernelReleaseOf(
  headers: readonly RpmHeader[],
  declared: { release?: string | undefined; architecture?: string | undefined } = {},
): string {
  const kernel = packageWithImage(headers);
  sameBuild(headers, kernel);
  if (declared.architecture !== undefined) rightArchitecture(headers, declared.architecture);
  const release = releaseOf(kernel);
  if (declared.release !== undefined && declared.release !== release) {
    throw new HostError("bad-input", {
      what: "kernel.release is not the release of the kernel in kernel.rpms",
      expected: declared.release,
      seen: `${release}, by ${nevra(kernel)}`,
      next: "leave kernel.release out: it is read from the RPMs; or give the RPMs of that release",
    });
  }
  return release;
}

/** The packages that a kernel comes in, at its own version: the image, its modules, and what only names them. */
export function isKernelPackage({ name, provides }: RpmHeader): boolean {
  return /^kernel(-|$)/.test(name) || provides.some((provided) => unameRelease.test(provided.name));
}

const unameRelease = /-uname-r$/;
const ofTheImage = /^kernel(-[a-z0-9_.]+)*-uname-r$/i;
const ofSomethingElse = /-(modules(-[a-z0-9_]+)*|devel(-[a-z0-9_]+)*|headers|tools|debuginfo)-uname-r$/i;

function unameProvide(header: RpmHeader): string | undefined {
  return header.provides.find(
    ({ name, version }) => version !== "" && ofTheImage.test(name) && !ofSomethingElse.test(name),
  )?.version;
}

function isNamedAsImage({ name }: RpmHeader): boolean {
  return /^kernel(-[a-z0-9_.]+)*-core$/i.test(name) && !name.endsWith("-modules-core");
}

function packageWithImage(headers: readonly RpmHeader[]): RpmHeader {
  const named = headers.filter(isNamedAsImage);
  const provided = headers.filter((header) => unameProvide(header));
  const plain = headers.filter(({ name }) => /^kernel(-(lt|ml|rt|longterm|mainline))?$/.test(name));
  const found = [named, provided, plain].find((some) => some.length > 0) ?? [];
  const [kernel, another] = found;
  if (kernel === undefined) {
    throw new HostError("bad-input", {
      what: "kernel.rpms has no package with a kernel's image",
      expected: "kernel-core, or kernel-rt-core and the like, and the packages of its modules",
      seen: headers.map(nevra).join(", "),
    });
  }
  if (another !== undefined) {
    throw new HostError("bad-input", {
      what: "kernel.rpms has two kernels: an image boots exactly one",
      expected: "one package with a kernel's image",
      seen: found.map(nevra).join(", "),
    });
  }
  return kernel;
}

/** It becomes a folder's name and a word of commands; and the header of an RPM can say anything. */
function releaseOf(kernel: RpmHeader): string {
  const release = unameProvide(kernel) ?? `${kernel.version}-${kernel.release}.${kernel.architecture}`;
  if (kernelRelease.safeParse(release).success) return release;
  throw new HostError("bad-input", {
    what: "kernel.rpms: the header of the kernel's package says no release that a kernel can have",
    expected: 'what "uname -r" says, such as 6.12.9-200.fc41.x86_64',
    seen: `${JSON.stringify(release)}, by ${nevra(kernel)}`,
    next: "give the RPMs of a kernel as its packager built them",
  });
}

/** Modules of another build than the kernel's are not loaded, or worse, they are. */
function sameBuild(headers: readonly RpmHeader[], kernel: RpmHeader): void {
  const another = headers.find(
    (header) =>
      isKernelPackage(header) &&
      !/-(headers|tools|tools-libs|firmware)$/.test(header.name) &&
      (header.version !== kernel.version || header.release !== kernel.release),
  );
  if (another === undefined) return;
  throw new HostError("bad-input", {
    what: `kernel.rpms[${headers.indexOf(another)}] is of another kernel than kernel.rpms[${headers.indexOf(kernel)}]`,
    expected: `${kernel.version}-${kernel.release}, as ${nevra(kernel)}`,
    seen: nevra(another),
    next: "give all packages of one kernel",
  });
}

function rightArchitecture(headers: readonly RpmHeader[], architecture: string): void {
  const wrong = headers.findIndex((header) => ![architecture, "noarch"].includes(header.architecture));
  if (wrong < 0) return;
  throw new HostError("bad-input", {
    what: `kernel.rpms[${wrong}] is for another architecture than the image`,
    expected: architecture,
    seen: nevra(headers[wrong] as RpmHeader),
    next: "give the RPM of that architecture, or change platform",
  });
}

function nevra({ name, epoch, version, release, architecture }: RpmHeader): string {
  return `${name}-${epoch === undefined ? "" : `${epoch}:`}${version}-${release}.${architecture}`;
}
