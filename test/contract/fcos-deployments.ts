// Part of a stand-in for an ostree machine: what ostree does with its list of deployments.
import { nameOf, sha256, type FcosQuirks, type PlayedDeployment } from "./fcos-parts";
import type { FcosRoot } from "./fcos-root";
import { fails, says, type ToolReply } from "./fcos-tools";
import type { Units } from "./fcos-units";

const stagedFile = "run/ostree/staged-deployment";
const stamp = "boot/ostree/finalize-failure.stamp";

export class Deployments {
  /** In the order of the boot loader. */
  list: PlayedDeployment[];
  staged: PlayedDeployment | undefined;
  booted: PlayedDeployment;
  /** Told by ostree-boot-complete.service after a boot. */
  finalizeFailure = "";

  constructor(
    private readonly root: FcosRoot,
    private readonly units: Units,
    private readonly quirks: FcosQuirks,
    first: PlayedDeployment,
  ) {
    this.booted = first;
    this.list = [first];
    this.root.checkOut(first);
    this.write();
  }

  /** As every front end lists them. */
  get all(): PlayedDeployment[] {
    return [...(this.staged ? [this.staged] : []), ...this.list];
  }

  /** The one after the booted one; while a rollback is queued, the first one. */
  get rollback(): PlayedDeployment | undefined {
    return this.list[this.list.indexOf(this.booted) + 1];
  }

  get isRollbackQueued(): boolean {
    return this.list.indexOf(this.booted) > 0;
  }

  /** One that was there before the test began: booted earlier, and kept. */
  add(deployment: PlayedDeployment): PlayedDeployment {
    this.root.checkOut(deployment);
    this.root.mergeEtc(deployment, undefined);
    this.list.push(deployment);
    this.write();
    return deployment;
  }

  stage(deployment: PlayedDeployment): void {
    const { root, units } = this;
    this.unstage();
    const same = [...this.list].filter(({ checksum }) => checksum === deployment.checksum);
    deployment.serial = same.length === 0 ? 0 : Math.max(...same.map(({ serial }) => serial)) + 1;
    root.checkOut(deployment);
    root.write(stagedFile, nameOf(deployment));
    this.staged = deployment;
    units.set("ostree-finalize-staged.service", "active");
  }

  unstage(): boolean {
    const { root, units } = this;
    if (this.staged === undefined) return false;
    root.forget(this.staged);
    root.remove(stagedFile);
    units.set("ostree-finalize-staged.service", "inactive");
    this.staged = undefined;
    return true;
  }

  /** What ExecStop of ostree-finalize-staged.service does. */
  finalize(when: "now" | "shutdown"): void {
    const { root, quirks, units } = this;
    const { staged } = this;
    if (staged === undefined) return;
    units.set("ostree-finalize-staged.service", "inactive");
    const { finalizeFails } = quirks;
    if (finalizeFails?.when === "now" || (finalizeFails && when === "shutdown")) {
      units.set("ostree-finalize-staged.service", "failed", finalizeFails.words);
      root.write(stamp, finalizeFails.words);
      root.remove(stagedFile);
      this.staged = undefined;
      return;
    }
    root.mergeEtc(staged, this.booted);
    const dropped = this.list.filter((each) => each !== this.booted && !each.pinned);
    this.list = [staged, ...this.list.filter((each) => !dropped.includes(each))];
    this.staged = undefined;
    root.remove(stagedFile);
    for (const each of dropped) root.forget(each);
    this.write();
  }

  shutDown(): void {
    this.finalize("shutdown");
  }

  /** What the boot loader ends up with. */
  bootable(): PlayedDeployment | undefined {
    const [first, second] = this.list;
    if (first === undefined || !isWhole(first, this.quirks) || first.image.boots === "panic")
      return undefined;
    return first.image.boots === "falls back" ? second : first;
  }

  cameUp(deployment: PlayedDeployment): void {
    this.booted = deployment;
    const { root } = this;
    this.finalizeFailure = root.read(stamp);
    root.remove(stamp);
  }

  /** Makes it the next boot's. */
  putFirst(deployment: PlayedDeployment): void {
    this.list = [deployment, ...this.list.filter((each) => each !== deployment)];
    this.write();
  }

  undeploy(deployment: PlayedDeployment): void {
    if (deployment === this.staged) return void this.unstage();
    this.list = this.list.filter((each) => each !== deployment);
    this.root.forget(deployment);
    this.write();
  }

  withIndex(text: string, work: (deployment: PlayedDeployment) => ToolReply): ToolReply {
    const deployment = this.all[Number(text)];
    return deployment
      ? work(deployment)
      : fails(`error: Out of range deployment index ${text}, expected < ${this.all.length}`);
  }

  setPinned(text: string, pinned: boolean): ToolReply {
    return this.withIndex(text, (deployment) => {
      if (deployment === this.staged) return fails("error: Cannot pin staged deployment");
      if (deployment.pinned === pinned)
        return says(`Deployment ${text} is already ${pinned ? "pinned" : "unpinned"}\n`);
      deployment.pinned = pinned;
      return says(`Deployment ${text} is ${pinned ? "now pinned" : "no longer pinned"}\n`);
    });
  }

  private write(): void {
    this.root.writeEntries(this.list, this.quirks.entriesWithoutInitrd === true);
  }
}

/** A kernel without its initramfs finds no root. */
function isWhole({ image }: PlayedDeployment, quirks: FcosQuirks): boolean {
  return (image.kernels[0]?.initramfs ?? 0) > 0 && !quirks.entriesWithoutInitrd;
}

/** The next one of a deployment: the same tree with other arguments. */
export const successor = (
  deployment: PlayedDeployment,
  changes: Partial<PlayedDeployment>,
): PlayedDeployment => ({
  ...deployment,
  pinned: false,
  ...changes,
});

export const treeOf = (digest: string, layering: object = {}): string =>
  sha256(Object.keys(layering).length === 0 ? digest : `${digest} ${JSON.stringify(layering)}`);
