// Part of a stand-in for an ostree machine: the whole of it, as its tools see it.
import type { Deployments } from "./fcos-deployments";
import type { FcosQuirks, PlayedDeployment } from "./fcos-parts";
import type { Registry } from "./fcos-registry";
import type { FcosRoot } from "./fcos-root";
import type { ToolCall, ToolReply } from "./fcos-tools";
import type { Units } from "./fcos-units";

export interface PlayedFcos {
  readonly root: FcosRoot;
  readonly registry: Registry;
  readonly units: Units;
  readonly deployments: Deployments;
  readonly quirks: FcosQuirks;
  readonly violations: string[];
  readonly bootedDeployment: PlayedDeployment;
  /** A transaction of rpm-ostree that runs now: title, caller, path. */
  readonly transaction: [string, string, string] | null;
  /** What `uname -r` says. */
  readonly kernel: string;
  /** What its processes get. */
  readonly env: NodeJS.ProcessEnv;
  /** Its end was ordered, and is to come. */
  readonly isGoingDown: boolean;
  reboot(): void;
}

export type Rule = [
  pattern: RegExp,
  play: (machine: PlayedFcos, call: ToolCall, match: RegExpExecArray) => ToolReply,
];
