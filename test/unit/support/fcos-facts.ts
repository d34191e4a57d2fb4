import type { Deployment, FcosContext, FcosFacts } from "../../../provider/fcos/types";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import { specOf } from "../../../provider/fcos/spec";
import { HostSession } from "../../../provider/host/session";
import { RecordedProgress } from "./builders";
import { fcosInputsOf, newDigest, newKernel, oldDigest, oldKernel } from "./fcos-builders";
import { fakeConnect } from "./fake-shell";

const entry = { title: "Fedora CoreOS", linux: "/ostree/fedora-coreos-1/vmlinuz", options: "root=UUID=1 rw" };
const kernelFolder = { kernelBytes: 15e6, initramfsBytes: 80e6, hasModulesDep: true };

/** A deployment that can boot; `changes` replaces its properties. */
function deploymentOf(
  letter: string,
  digest: string,
  kernel: string,
  changes: Partial<Deployment> = {},
): Deployment {
  return {
    id: `${letter.repeat(64)}.0`,
    stateroot: "fedora-coreos",
    digest,
    reference: `ostree-unverified-registry:registry.example.org/fcos/web@${digest}`,
    booted: false,
    staged: false,
    pinned: false,
    unlocked: "none",
    layering: [],
    kernels: [{ release: kernel, ...kernelFolder }],
    bootEntry: { file: `ostree-${letter}.conf`, initrd: "/ostree/fedora-coreos-1/initramfs.img", ...entry },
    ...changes,
  };
}

export const oldOne = (changes: Partial<Deployment> = {}): Deployment =>
  deploymentOf("a", oldDigest, oldKernel, changes);
export const newOne = (changes: Partial<Deployment> = {}): Deployment =>
  deploymentOf("b", newDigest, newKernel, changes);
/** What a pull leaves: no boot entry yet. */
export const stagedNew = (changes: Partial<Deployment> = {}): Deployment =>
  newOne({ staged: true, bootEntry: undefined, ...changes });

export const noGuard = { armedFor: "", previous: "", firing: false, rolledBack: "" };

/** A Fedora CoreOS that runs the old image, and nothing is queued. */
export function fcosFacts(changes: Partial<FcosFacts> = {}): FcosFacts {
  return {
    bootId: "boot-1",
    kernelRelease: oldKernel,
    architecture: "x86_64",
    commandLine: "BOOT_IMAGE=/vmlinuz root=UUID=1 rw",
    osRelease: { id: "fedora", variantId: "coreos", versionId: "42", prettyName: "Fedora CoreOS 42" },
    machineId: "0123456789abcdef0123456789abcdef",
    uid: 0,
    container: "",
    memoryKiB: 2_000_000,
    bootMode: "uefi",
    missingTools: [],
    freeKiB: {},
    failedUnits: [],
    receipt: undefined,
    ostreeBooted: true,
    tools: { rpmOstree: true, bootc: false },
    driver: "rpm-ostree",
    deployments: [oldOne({ booted: true })],
    transaction: "",
    updateDrivers: [],
    bootcIncompatible: false,
    machineConfigOperatorMarks: [],
    signaturePolicy: "",
    freeBytes: { boot: 200e6, sysroot: 5e9 },
    nextKernelArguments: "root=UUID=1 rw",
    changedEtc: [],
    finalizeFailure: "",
    guard: noGuard,
    ...changes,
  };
}

/** The same machine after the move. */
export function movedFacts(changes: Partial<FcosFacts> = {}): FcosFacts {
  return fcosFacts({
    bootId: "boot-2",
    kernelRelease: newKernel,
    deployments: [newOne({ booted: true, pinned: true }), oldOne()],
    receipt: {
      machine: "web",
      attempts: [],
      confirmed: { digest: newDigest, kernelRelease: newKernel },
      pinned: newOne().id,
    },
    ...changes,
  });
}

export function fcosContext(inputs: Partial<FcosHostInputs> = {}): FcosContext {
  return {
    spec: specOf(fcosInputsOf(inputs)),
    session: new HostSession(fakeConnect(), {}, ["installed"], undefined),
    progress: new RecordedProgress(),
    notes: {},
  };
}
