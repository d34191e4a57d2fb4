// A stand-in for an ostree machine behind ssh: what a run orders changes the facts that the next look shows. The scripts'
// own words are tested with a real sh, in unit/fcos and by the contract tests.
import { randomUUID } from "node:crypto";
import type { CommandResult, Connect } from "../../../provider/core/shell";
import { disarmGuard } from "../../../provider/fcos/guard";
import type { Deployment, FcosFacts } from "../../../provider/fcos/types";
import { HostError } from "../../../provider/core/errors";
import { hostKey } from "./builders";
import { FakeShell } from "./fake-shell";
import { fcosFacts, newOne, noGuard, stagedNew } from "./fcos-facts";

type Answer = Partial<CommandResult> | HostError | undefined;

export class PlayedFcos {
  readonly orders: string[] = [];
  /** What happens instead of an order: `rebase`, `finalize`, `boot-order`, `guard`, `reboot`, `pin`, `receipt`, `disarm`, `mask`. */
  readonly instead = new Map<string, (machine: PlayedFcos) => Answer>();
  /** What a pull brings. */
  pulled: Deployment = stagedNew();
  shells: FakeShell[] = [];
  away = false;
  /** A pull of an earlier client's is at work. */
  isPulling = false;

  constructor(public facts: FcosFacts = fcosFacts({ bootId: randomUUID() })) {}

  get booted(): Deployment | undefined {
    return this.facts.deployments.find(({ booted }) => booted);
  }

  look(): FcosFacts {
    if (this.away) throw this.unreachable();
    return structuredClone(this.facts);
  }

  readonly connect: Connect = () => {
    if (this.away) return Promise.reject(this.unreachable());
    const shell = new FakeShell(hostKey, (script) => this.answer(script));
    this.shells.push(shell);
    return Promise.resolve(shell);
  };

  unreachable(): HostError {
    return new HostError("unreachable", { what: "no route to the machine" });
  }

  /** Starts what is first. */
  boot(first = this.facts.deployments[0], kernel = first?.kernels[0]?.release ?? ""): void {
    this.facts.deployments = this.facts.deployments.map((deployment) => ({
      ...deployment,
      booted: deployment.id === first?.id,
      unlocked: deployment.unlocked === "development" ? "none" : deployment.unlocked,
    }));
    Object.assign(this.facts, { bootId: randomUUID(), kernelRelease: kernel });
    for (const shell of this.shells.splice(0)) shell.close();
  }

  private order(name: string, usual: () => void): Answer {
    this.orders.push(name);
    const instead = this.instead.get(name);
    if (instead !== undefined) return instead(this);
    usual();
    return {};
  }

  private answer(script: string): CommandResult | HostError {
    if (this.away) return this.unreachable();
    const answer = this.reaction(script);
    return answer instanceof HostError ? answer : { exitCode: 0, stdout: "", stderr: "", ...answer };
  }

  private jobCode = 0;
  private masked: FcosFacts["updateDrivers"] = [];

  private reaction(script: string): Answer {
    const job = /--unit=immutable-os-([a-z-]+)-\$\$/.exec(script)?.[1];
    if (job !== undefined) {
      const done = this.order(job, () => this.runJob(job, script));
      this.jobCode = done instanceof HostError ? 0 : (done?.exitCode ?? 0);
      return done instanceof HostError ? done : {};
    }
    if (/^\[ ! -e \/run\/pulumi-immutable-os\/jobs/.test(script))
      return { exitCode: this.isPulling && script.includes("/jobs/rebase/") ? 0 : 1 };
    if (/^cat \/run\/pulumi-immutable-os\/jobs\/.*\/rc$/.test(script)) return { stdout: `${this.jobCode}\n` };
    if (script.startsWith("cat /proc/sys/kernel/random/boot_id"))
      return { stdout: `${this.facts.bootId}\ncommand line: ${this.facts.commandLine}\n` };
    if (script.includes("systemctl reboot; else")) return this.order("reboot", () => this.boot());
    if (script === disarmGuard) return this.disarm();
    if (script.includes("guard/armed.tmp")) return this.order("guard", () => this.arm(script));
    if (script.includes("guard/held"))
      return { stdout: this.facts.guard.armedFor === "" ? "none\n" : "held\n" };
    if (script.includes("ostree admin pin")) return this.pin(script);
    if (script.includes("receipt.json")) return this.keepReceipt(script);
    if (script.includes("systemctl mask")) return this.order("mask", () => this.mask());
    if (script.includes("systemctl unmask"))
      return this.order("unmask", () => (this.facts.updateDrivers = this.masked.splice(0)));
    return {};
  }

  private mask(): void {
    this.masked = this.facts.updateDrivers.splice(0);
  }

  private runJob(name: string, script: string): void {
    const { facts } = this;
    const others = facts.deployments.filter(({ staged }) => !staged);
    if (name === "rebase") facts.deployments = [this.pulled, ...others];
    if (name === "finalize")
      facts.deployments = facts.deployments.map((deployment) =>
        deployment.staged ? { ...deployment, staged: false, bootEntry: newOne().bootEntry } : deployment,
      );
    if (name !== "boot-order") return;
    const wanted = /wanted='\\''([0-9a-f.]+)'\\''|wanted='([0-9a-f.]+)'/.exec(script);
    const id = wanted?.[1] ?? wanted?.[2];
    facts.deployments = [...others.filter((one) => one.id === id), ...others.filter((one) => one.id !== id)];
  }

  private arm(script: string): void {
    const armedFor = /deployment=([0-9a-f]+\.\d+)/.exec(script)?.[1] ?? "";
    const previous = /previous=([0-9a-f]+\.\d+)/.exec(script)?.[1] ?? "";
    this.facts.guard = { ...noGuard, armedFor, previous };
  }

  private disarm(): Answer {
    const answer = this.order("disarm", () => (this.facts.guard = noGuard));
    return answer instanceof HostError ? answer : { stdout: "gone\n", ...answer };
  }

  private pin(script: string): Answer {
    const unpinned = script.includes("--unpin");
    return this.order(unpinned ? "unpin" : "pin", () => {
      this.facts.deployments = this.facts.deployments.map((deployment) =>
        script.includes(deployment.id) ? { ...deployment, pinned: !unpinned } : deployment,
      );
    });
  }

  private keepReceipt(script: string): Answer {
    const json = /printf '%s\\n' '(.*)' >/.exec(script)?.[1] ?? "";
    const answer = this.order(
      "receipt",
      () => (this.facts.receipt = JSON.parse(json) as FcosFacts["receipt"]),
    );
    return { stdout: `${json}\n`, ...answer };
  }
}
