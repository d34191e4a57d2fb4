// Part of a stand-in for an ostree machine: rpm-ostree, with its documented JSON, words and exit codes.
import { successor, treeOf } from "./fcos-deployments";
import type { PlayedFcos, Rule } from "./fcos-played";
import { deploymentOf, nameOf, stateroot, type PlayedDeployment } from "./fcos-parts";
import { isReply, plainReference } from "./fcos-registry";
import { fails, says, type ToolReply } from "./fcos-tools";

const writing = /^rpm-ostree (rebase|rollback|cleanup|kargs --|install|override|reset|upgrade|deploy)/;

export const rpmOstreeRules: readonly Rule[] = [
  [/^rpm-ostree status --json$/, (machine) => says(`${JSON.stringify(statusOf(machine), undefined, 2)}\n`)],
  [/^rpm-ostree --version$/, () => says("rpm-ostree:\n Version: '2026.2'\n")],
  [
    / --bypass-driver/,
    (machine, { args }) => (machine.violations.push(`bypassed the driver: ${args.join(" ")}`), {}),
  ],
  [writing, (machine, call, match) => refusal(machine, match[1] ?? "") ?? write(machine, call.args)],
  [
    /^rpm-ostree kargs$/,
    ({ deployments }) => says(`${(deployments.all[0] as PlayedDeployment).kargs.join(" ")}\n`),
  ],
];

function refusal(machine: PlayedFcos, verb: string): ToolReply | undefined {
  const { transaction, units, deployments } = machine;
  if (transaction)
    return fails(
      `error: Transaction in progress: ${transaction[0]}\n You can cancel the current transaction with \`rpm-ostree cancel\``,
    );
  const driver = ["rebase", "upgrade", "deploy"].includes(verb) && units.isActive("zincati.service");
  if (driver)
    return fails(
      "error: Updates and deployments are driven by Zincati (zincati.service)\n" +
        "See Zincati's documentation at https://github.com/coreos/zincati\n" +
        "Use --bypass-driver to bypass Zincati and perform the operation anyways",
    );
  if (deployments.booted.unlocked === "development" && verb === "rebase")
    return fails("error: Deployment is unlocked (development)");
  return undefined;
}

function write(machine: PlayedFcos, [verb = "", ...args]: string[]): ToolReply {
  const { deployments } = machine;
  switch (verb) {
    case "rebase":
      return rebase(machine, args);
    case "rollback":
      return rollback(machine);
    case "cleanup":
      return cleanup(machine, args);
    case "kargs":
      return kargs(machine, args);
    case "install":
      return layer(machine, { "requested-packages": args });
    case "reset":
      deployments.stage(
        successor(deployments.booted, { layering: {}, checksum: treeOf(deployments.booted.image.digest) }),
      );
      return says("Staging deployment...done\n");
  }
  machine.violations.push(`rpm-ostree ${verb} ${args.join(" ")}`);
  return fails("error: this model does not know that");
}

function rebase(machine: PlayedFcos, args: string[]): ToolReply {
  const { deployments, registry } = machine;
  const [reference = ""] = args.filter((arg) => !arg.startsWith("-"));
  const { booted, staged } = deployments;
  if ((staged ?? booted).reference === reference)
    return fails(`error: Old and new refs are equal: ${reference}`);
  const pulled = registry.pull(machine.root, plainReference(reference), machine.quirks.architecture);
  if (isReply(pulled)) return { ...pulled, stdout: `Pulling manifest: ${reference}\n` };
  const { layering } = booted;
  deployments.stage(
    deploymentOf(pulled, {
      reference,
      kargs: booted.kargs,
      layering,
      checksum: treeOf(pulled.digest, layering),
    }),
  );
  return says(`Pulling manifest: ${reference}
layers already present: 50; layers needed: 1 (54.5 MB)
Wrote: ${reference} => ${treeOf(pulled.digest)}
Staging deployment...done
Changes queued for next boot. Run "systemctl reboot" to start a reboot
`);
}

function rollback({ deployments }: PlayedFcos): ToolReply {
  const { list, booted } = deployments;
  if (deployments.staged) return fails("error: Staged deployment (remove with cleanup -p)");
  if (list.length < 2) return fails("error: No rollback deployment found");
  const first = (list[0] === booted ? list[1] : booted) as PlayedDeployment;
  deployments.putFirst(first);
  return says(`Moving '${nameOf(first)}' to be first deployment
Transaction complete; bootconfig swap: yes; bootversion: boot.1.1, deployment count change: 0
Run "systemctl reboot" to start a reboot
`);
}

function cleanup({ deployments, registry: _ }: PlayedFcos, args: string[]): ToolReply {
  const before = deployments.all.length;
  const letters = args.join("");
  if (letters.includes("p")) {
    if (!deployments.unstage())
      for (const each of deployments.list.slice(0, deployments.list.indexOf(deployments.booted)))
        deployments.undeploy(each);
  }
  if (letters.includes("r") && deployments.rollback && !deployments.rollback.pinned)
    deployments.undeploy(deployments.rollback);
  const change = deployments.all.length - before;
  return says(
    change === 0
      ? "Deployments unchanged.\n"
      : `Transaction complete; bootconfig swap: no; bootversion: boot.1.1, deployment count change: ${change}\n`,
  );
}

function kargs({ deployments }: PlayedFcos, args: string[]): ToolReply {
  const next = deployments.all[0] as PlayedDeployment;
  const valuesOf = (option: string): string[] =>
    args.filter((arg) => arg.startsWith(`--${option}=`)).map((arg) => arg.slice(option.length + 3));
  const gone = valuesOf("delete-if-present");
  const more = valuesOf("append-if-missing").filter((arg) => !next.kargs.includes(arg));
  const kept = next.kargs.filter((arg) => !gone.includes(arg));
  if (more.length === 0 && kept.length === next.kargs.length) return says("No changes.\n");
  deployments.stage(successor(next, { kargs: [...kept, ...more] }));
  return says(`Staging deployment...done
Kernel arguments updated.
Run "systemctl reboot" to start a reboot
`);
}

/** What somebody does by hand: another tree of the same image. */
function layer({ deployments }: PlayedFcos, layering: Record<string, unknown[]>): ToolReply {
  const { booted } = deployments;
  const all = { ...booted.layering, ...layering };
  deployments.stage(successor(booted, { layering: all, checksum: treeOf(booted.image.digest, all) }));
  return says("Staging deployment...done\n");
}

function statusOf(machine: PlayedFcos): object {
  const { deployments, transaction, units } = machine;
  const driver = units.zincatiRegistered
    ? { "driver-name": "Zincati", "driver-sd-unit": "zincati.service" }
    : null;
  return {
    deployments: deployments.all.map((each) => deploymentJson(machine, each)),
    transaction,
    "cached-update": null,
    "update-driver": driver,
  };
}

function deploymentJson({ deployments }: PlayedFcos, deployment: PlayedDeployment): object {
  const { image, reference, checksum, serial, pinned, unlocked, layering } = deployment;
  const isLayered = Object.keys(layering).length > 0;
  return {
    id: `${stateroot}-${nameOf(deployment)}`,
    osname: stateroot,
    serial,
    checksum,
    ...(isLayered ? { "base-checksum": treeOf(image.digest) } : {}),
    version: "44.20261101.3.0",
    timestamp: 1_793_000_000,
    booted: deployment === deployments.booted,
    staged: deployment === deployments.staged,
    ...(deployment === deployments.staged ? { "finalization-locked": false } : {}),
    pinned,
    unlocked,
    "regenerate-initramfs": false,
    "initramfs-etc": [],
    "initramfs-args": [],
    packages: layering["requested-packages"] ?? [],
    modules: [],
    "requested-packages": [],
    "requested-modules": [],
    "requested-local-packages": [],
    "requested-local-fileoverride-packages": [],
    "requested-base-removals": [],
    "requested-base-local-replacements": [],
    "base-removals": [],
    "base-local-replacements": [],
    "base-remote-replacements": {},
    ...layering,
    ...(reference === ""
      ? { origin: "fedora:fedora/x86_64/coreos/stable" }
      : {
          "container-image-reference": reference,
          "container-image-reference-digest": image.digest,
          "base-commit-meta": {
            "ostree.manifest-digest": image.digest,
            "ostree.linux": image.kernels[0]?.release,
          },
        }),
  };
}
