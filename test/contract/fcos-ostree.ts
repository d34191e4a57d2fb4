// Part of a stand-in for an ostree machine: ostree's own admin commands.
import type { PlayedFcos, Rule } from "./fcos-played";
import { nameOf, stateroot } from "./fcos-parts";
import { fails, says } from "./fcos-tools";

export const ostreeRules: readonly Rule[] = [
  [/^ostree admin status$/, (machine) => says(statusText(machine))],
  [
    /^ostree admin config-diff$/,
    ({ root, bootedDeployment }) => says(lines(root.changedEtc(bootedDeployment))),
  ],
  [
    /^ostree admin pin (-u|--unpin) (\d+)$/,
    ({ deployments }, _, match) => deployments.setPinned(match[2] ?? "", false),
  ],
  [/^ostree admin pin (\d+)$/, ({ deployments }, _, match) => deployments.setPinned(match[1] ?? "", true)],
  [
    /^ostree admin undeploy (\d+)$/,
    ({ deployments }, _, match) =>
      deployments.withIndex(match[1] ?? "", (deployment) => {
        if (deployment === deployments.booted)
          return fails("error: Cannot undeploy currently booted deployment");
        deployments.undeploy(deployment);
        return says(`Deleted deployment ${nameOf(deployment)}\n`);
      }),
  ],
  [
    /^ostree admin set-default (\d+)$/,
    ({ deployments }, _, match) =>
      deployments.withIndex(match[1] ?? "", (deployment) => {
        if (deployment === deployments.staged) return fails("error: Cannot set-default staged deployment");
        deployments.putFirst(deployment);
        return {};
      }),
  ],
  [/^ostree --version$/, () => says("libostree:\n Version: '2026.4'\n")],
];

function statusText({ deployments }: PlayedFcos): string {
  const { all, booted, staged, rollback, list } = deployments;
  const texts = all.map((each) => {
    const isPending = each !== staged && list.indexOf(each) < list.indexOf(booted);
    const role =
      each === staged ? " (staged)" : isPending ? " (pending)" : each === rollback ? " (rollback)" : "";
    return [
      `${each === booted ? "*" : " "} ${stateroot} ${nameOf(each)}${role}`,
      "    Version: 44.20261101.3.0",
      ...(each.unlocked === "none" ? [] : [`    Unlocked: ${each.unlocked}`]),
      ...(each.pinned ? ["    Pinned: yes"] : []),
      each.reference === ""
        ? "    origin refspec: fedora:fedora/x86_64/coreos/stable"
        : "    origin: <unknown origin type>",
    ].join("\n");
  });
  return lines(texts);
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
