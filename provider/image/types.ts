/** What the parts of an image's lifecycle hand on to each other: resolve → probe → containerfile → build → inspect → push. */

/** A file to be fetched, or one on the machine where Pulumi runs: one of url and path. */
export interface RpmReference {
  url?: string | undefined;
  path?: string | undefined;
  sha256: string;
}

/** What the header of an RPM says. */
export interface RpmHeader {
  name: string;
  epoch?: number;
  version: string;
  release: string;
  /** RPM's word for it: `x86_64`, `aarch64`, `noarch`. */
  architecture: string;
  provides: readonly { name: string; version: string }[];
}

export interface RegistryLogin {
  username?: string | undefined;
  password?: string | undefined;
  /** PEM text of the authority that signed the registry's certificate, when no public one did. */
  certificateAuthority?: string | undefined;
}

/** What one look into the base image says; the Containerfile depends on nothing else of it. */
export interface BaseFacts {
  osRelease: { id: string; versionId: string; name: string };
  /** RPM's word for it. */
  architecture: string;
  /** What replaces packages: rpm-ostree where there is one. */
  packageManager: "rpm-ostree" | "dnf";
  /** `ostree container commit` works in it. */
  hasOstreeContainer: boolean;
  hasBootc: boolean;
  /** `layout=ostree` of kernel-install: its hooks then run dracut by themselves. */
  kernelInstallLayout: string;
  /** `rpm-ostree cliwrap install-to-root` ran in it. */
  isCliwrapped: boolean;
  /** The real dracut: `/usr/libexec/rpm-ostree/wrapped/dracut` or `/usr/bin/dracut`. */
  dracut: string;
  /** Installed packages that belong to a kernel: `rpm -qa 'kernel*'`, by name. */
  kernelPackages: readonly { name: string; versionReleaseArch: string }[];
  kernelReleases: readonly string[];
  /** Of the base's own initramfs; empty where it has none. */
  initramfs: { sha256: string; sizeBytes: number; dracutModules: readonly string[] } | undefined;
  labels: Readonly<Record<string, string>>;
  /** What lies in `/`, to see what an image built on it adds there: ostree drops that in silence. */
  topLevel: readonly TopLevelEntry[];
  /** What `bootc container lint` says of the base itself, where it has bootc. */
  lint?: LintRun;
}

export interface LintRun {
  exitCode: number;
  output: string;
}

export interface TopLevelEntry {
  name: string;
  kind: "folder" | "file" | "link";
  /** Where a link leads; how many entries a folder has that no machine takes from an image. Empty for all others. */
  detail: string;
}

/** What the builder's tool says of an image besides its files. */
export interface ImageConfig {
  labels: Readonly<Record<string, string>>;
  /** The image specification's word: `amd64`, `arm64`. */
  architecture: string;
}

/** The named result of one inspection; it stands in the outputs as it is. */
export interface InspectionResult {
  name: string;
  verdict: "ok" | "failed" | "unchecked";
  /** What was seen, in a few words; of `unchecked`: why. */
  seen: string;
  expected?: string;
  fix?: string;
}

export interface InitramfsRecord {
  path: string;
  sizeBytes: number;
  sha256: string;
  dracutModules: string[];
}
