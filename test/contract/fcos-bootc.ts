// Part of a stand-in for an ostree machine: bootc, with its documented JSON, words and exit codes.
import { treeOf } from "./fcos-deployments";
import type { PlayedFcos, Rule } from "./fcos-played";
import { deploymentOf, stateroot, type PlayedDeployment } from "./fcos-parts";
import { isReply, plainReference } from "./fcos-registry";
import { fails, says, type ToolReply } from "./fcos-tools";

export const bootcRules: readonly Rule[] = [
  [
    /^bootc status (--json|--format[= ]json)( --format-version[= ]1)?$/,
    (machine) => says(`${JSON.stringify(hostOf(machine))}\n`),
  ],
  [/^bootc --version$/, () => says("bootc 1.16.0\n")],
  [/^bootc switch (.*)$/, (machine, _, match) => switchTo(machine, (match[1] ?? "").split(" "))],
  [/^bootc rollback$/, (machine) => rollback(machine)],
];

function switchTo(machine: PlayedFcos, args: string[]): ToolReply {
  const { deployments, registry, units } = machine;
  const { booted, staged } = deployments;
  if (isLayered(booted))
    return fails(
      "error: Switching: Deployment contains local rpm-ostree modifications; cannot upgrade via bootc. You can run `rpm-ostree reset` to undo the modifications.",
    );
  const [name = ""] = args.filter((arg) => !arg.startsWith("-"));
  const signed = args.includes("--enforce-container-sigpolicy");
  const reference = signed ? `ostree-image-signed:docker://${name}` : `ostree-unverified-registry:${name}`;
  if ((staged ?? booted).reference === reference) return says("Image specification is unchanged.\n");
  const pulled = registry.pull(machine.root, name, machine.quirks.architecture);
  if (isReply(pulled))
    return { ...pulled, stderr: String(pulled.stderr).replace("error:", "error: Switching: Pulling:") };
  deployments.stage(
    deploymentOf(pulled, { reference, kargs: booted.kargs, checksum: treeOf(pulled.digest) }),
  );
  units.set("bootc-status-updated.path", "active");
  return says(`layers already present: 50; layers needed: 1 (54.0 MB)
Fetched layers: 54.00 MB in 2 seconds (20.1 MB/s)
  Deploying: done (3 seconds)
Queued for next boot: ${name}
  Version: 44.20261101.3.0
  Digest: ${pulled.digest}
`);
}

/** A toggle: the second one undoes the first one. It drops what is staged. */
function rollback({ deployments }: PlayedFcos): ToolReply {
  const { booted } = deployments;
  const queued = deployments.isRollbackQueued;
  const target = queued ? booted : deployments.rollback;
  if (target === undefined) return fails("error: Rolling back: No rollback available");
  const slot = queued ? deployments.list[0] : target;
  if (slot?.reference === "") return fails("error: Rolling back: Rollback is not container image based");
  deployments.unstage();
  deployments.putFirst(target);
  return says(
    queued
      ? "notice: Reverting queued rollback state\nNext boot: current deployment\n"
      : "Next boot: rollback deployment\n",
  );
}

function hostOf({ deployments }: PlayedFcos): object {
  const { booted, staged, list, isRollbackQueued } = deployments;
  const rollbackOne = isRollbackQueued ? list[0] : deployments.rollback;
  const others = list.filter((each) => each !== booted && each !== rollbackOne);
  const spec = imageOf(staged ?? booted);
  return {
    apiVersion: "org.containers.bootc/v1",
    kind: "BootcHost",
    metadata: { name: "host" },
    spec: { image: spec, bootOrder: isRollbackQueued ? "rollback" : "default" },
    status: {
      staged: staged ? entry(staged) : null,
      booted: entry(booted),
      rollback: rollbackOne ? entry(rollbackOne) : null,
      otherDeployments: others.map(entry),
      rollbackQueued: isRollbackQueued,
      type: "bootcHost",
    },
  };
}

const isLayered = ({ layering }: PlayedDeployment): boolean => Object.keys(layering).length > 0;

function imageOf({ reference }: PlayedDeployment): object | null {
  if (reference === "") return null;
  const signed = reference.startsWith("ostree-image-signed:");
  return {
    image: plainReference(reference),
    transport: "registry",
    ...(signed ? { signature: "containerPolicy" } : {}),
  };
}

function entry(deployment: PlayedDeployment): object {
  const { image, checksum, serial, pinned, reference } = deployment;
  const isImage = reference !== "" && !isLayered(deployment);
  return {
    image: isImage
      ? {
          image: imageOf(deployment),
          version: "44.20261101.3.0",
          timestamp: "2026-11-01T00:00:00Z",
          imageDigest: image.digest,
          architecture: image.architecture ?? "amd64",
        }
      : null,
    cachedUpdate: null,
    incompatible: isLayered(deployment),
    pinned,
    softRebootCapable: false,
    downloadOnly: false,
    store: "ostreeContainer",
    ostree: { stateroot, checksum, deploySerial: serial },
  };
}
