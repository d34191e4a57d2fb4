import type { Phase } from "../core/phase";
import type { HostSession } from "../host/session";
import type { HostLease } from "../host/lease";
import type { Progress } from "../core/progress";
import type { SystemFacts } from "../host/system-facts";
import type { HealthCheck } from "../host/health";
import type { FcosReceipt } from "./receipt";
import type { FcosHostInputs } from "./schema";
import type { UpdateDriver } from "./update-drivers";

export type DriverName = "rpm-ostree" | "bootc";

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
  /** Only of a staged one: somebody has locked it, so that no reboot finalizes it. */
  locked?: boolean;
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

/** What a driver's status tells of a deployment; the rest is read from the disk. */
export type ListedDeployment = Omit<Deployment, "kernels" | "bootEntry">;

export interface BootEntry {
  file: string;
  title: string;
  linux: string;
  initrd: string;
  options: string;
}

/** What one probe saw of an ostree machine. `deployments`: as the boot loader tries them, the first one first. */
export interface FcosFacts extends SystemFacts {
  receipt: FcosReceipt | undefined;
  ostreeBooted: boolean;
  tools: { rpmOstree: boolean; bootc: boolean };
  /** Whose status this is. Empty: the asked tool is not there. */
  driver: DriverName | "";
  deployments: Deployment[];
  /** Title of a transaction that runs now; empty: none. */
  transaction: string;
  /** Those that update the machine by themselves and are at work: `Zincati (zincati.service)`. */
  updateDrivers: UpdateDriver[];
  /** bootc says that it cannot manage what is there, because of local layering. */
  bootcIncompatible: boolean;
  /** Files that the Machine Config Operator leaves on its nodes. */
  machineConfigOperatorMarks: string[];
  /** /etc/containers/policy.json as it is; empty: not there. */
  signaturePolicy: string;
  /** Bytes of the pieces that decide whether a rebase fits. */
  freeBytes: { boot: number; sysroot: number };
  /** The kernel arguments of the next boot; read only where they are asked for. */
  nextKernelArguments: string;
  /** `M /etc/ssh/sshd_config`, of `ostree admin config-diff`; only below the asked paths. */
  changedEtc: string[];
  /** ostree's own words when the last finalization failed; empty: it did not. */
  finalizeFailure: string;
  guard: GuardFacts;
}

/** The boot-time guard: a unit in the new deployment that goes back by itself when nobody confirms it. */
export interface GuardFacts {
  /** The deployment that it would leave, and where it would go; empty: it is not armed. */
  armedFor: string;
  previous: string;
  /** It is at work, and going back at this moment. */
  firing: boolean;
  /** What it did since it was armed last: `<left> <previous> <time>`, or `<left> failed <words>`. */
  rolledBack: string;
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
  driver: "auto" | DriverName;
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

export type FcosPhase = Phase<FcosFacts, FcosContext>;

/** What one phase learned and a later one needs. */
export interface FcosNotes {
  /** The deployment that a failed run goes back to: what ran when it began, or before an interrupted run began. */
  before?: Deployment;
  /** The kernel that it ran. */
  kernelBefore?: string;
  /** The deployment that this run, or the interrupted one before it, moves the machine to. */
  target?: Deployment;
  /** What this run masked in the system that ran before; a run that is undone lets it work again. */
  masked?: readonly UpdateDriver[];
  /** What ostree said when it finalized. */
  finalizeWords?: string;
}
