import type { HostSession } from "../host/session";
import type { HostLease } from "../host/lease";
import type { Progress } from "../core/progress";
import type { SystemFacts } from "../host/system-facts";
import type { HealthCheck } from "../host/health";
import type { FcosHostInputs } from "./schema";

/** One system on the disk, or staged to become one. */
export interface Deployment {
  /** `<checksum>.<serial>`: its name below /ostree/deploy/<stateroot>/deploy. */
  id: string;
  stateroot: string;
  /** Manifest digest of the image, `sha256:…`; empty for one that no container image made. */
  digest: string;
  /** As the driver prints it: `ostree-unverified-registry:registry/repository@sha256:…`. Empty: no container. */
  reference: string;
  booted: boolean;
  staged: boolean;
  pinned: boolean;
  /** "none", or "development", "hotfix", "transient". */
  unlocked: string;
  /** What was layered on the machine, each in words: `install htop`, `replace kernel-6.9.rpm`. */
  layering: string[];
  /** Folders of /usr/lib/modules that hold a kernel; the files' bytes, 0 when one is not there. */
  kernels: { release: string; kernelBytes: number; initramfsBytes: number; hasModulesDep: boolean }[];
  /** Its entry of the boot loader; a staged one gets it when it is finalized. */
  bootEntry: BootEntry | undefined;
}

export interface BootEntry {
  file: string;
  title: string;
  linux: string;
  initrd: string;
  options: string;
}

/** What one probe saw of an ostree machine. `deployments`: as the boot loader tries them, the first one first. */
export interface FcosFacts extends SystemFacts {
  ostreeBooted: boolean;
  tools: { rpmOstree: boolean; bootc: boolean };
  deployments: Deployment[];
  /** Title of a transaction that runs now; empty: none. */
  transaction: string;
  /** Somebody who updates the machine by himself: `Zincati (zincati.service)`. Empty: none is active. */
  updateDriver: { name: string; unit: string } | undefined;
  /** bootc says that it cannot manage what is there, because of local layering. */
  bootcIncompatible: boolean;
  /** The Machine Config Operator's marks on the node. */
  managedByMachineConfigOperator: boolean;
  /** /etc/containers/policy.json as it is; empty: not there. */
  signaturePolicy: string;
  /** Bytes of the pieces that decide whether a rebase fits. */
  freeBytes: { boot: number; sysroot: number };
  /** `M /etc/ssh/sshd_config`, of `ostree admin config-diff`; only below the asked paths. */
  changedEtc: string[];
  /** ostree's own words when the last finalization failed; empty: it did not. */
  finalizeFailure: string;
  /** The boot-time guard on the host: armed for a deployment, or what it did. */
  guard: { armedFor: string; rolledBack: string };
}

/** The checked inputs with every default filled in: what the phases work with. */
export interface FcosSpec {
  machine: string;
  inputs: FcosHostInputs;
  /** `registry/repository@sha256:…`. */
  reference: string;
  digest: string;
  /** Undefined: the image's one kernel folder says it. */
  kernelRelease: string | undefined;
  driver: "auto" | "rpm-ostree" | "bootc";
  transport: "unverified-registry" | "image-signed" | "remote-registry";
  reboot: "now" | "manual";
  automaticRollback: boolean;
  guard: boolean;
  healthChecks: readonly HealthCheck[];
  updateDriver: "mask" | "fail";
  kernelArguments: { present: readonly string[]; absent: readonly string[] };
  unchangedEtc: readonly string[];
  deadlines: { bootSeconds: number; phaseSeconds: number };
}

/** What every phase of an ostree host works with. */
export interface FcosContext {
  spec: FcosSpec;
  session: HostSession;
  progress: Progress;
  notes: FcosNotes;
  /** Only a run that may change the machine has one; a mere look has none. */
  lease?: HostLease;
}

/** What one phase learned and a later one needs. */
export interface FcosNotes {
  /** The deployment that ran when this run began: where a rollback goes. */
  before?: Deployment;
  /** The kernel that it ran, by `uname -r`. */
  kernelBefore?: string;
  /** The deployment that this run pinned when it was confirmed, by earlier receipt: to be unpinned by the next one. */
  pinnedBefore?: string;
}
