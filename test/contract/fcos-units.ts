// Part of a stand-in for an ostree machine: its units and their journal.
export type UnitState = "active" | "inactive" | "failed" | "activating";

export class Units {
  readonly masked = new Set<string>();
  readonly enabled = new Set<string>();
  /** What the journal holds of a unit. */
  readonly journal = new Map<string, string>();
  /** It said once in this boot that updates are its own business; that stays, also when it is stopped. */
  zincatiRegistered = false;
  /** Of those that run for real. */
  readonly processes = new Map<string, number>();
  private readonly states = new Map<string, UnitState>();
  /** Active after every boot, unless they are masked or fail with the image. */
  readonly usual = ["sshd.service", "chronyd.service", "web.service"];

  stateOf(name: string): UnitState {
    return this.states.get(name) ?? "inactive";
  }

  isActive(name: string): boolean {
    return this.stateOf(name) === "active";
  }

  set(name: string, state: UnitState, words = ""): void {
    this.states.set(name, state);
    if (name === "zincati.service" && state === "active") this.zincatiRegistered = true;
    if (words !== "") this.journal.set(name, words);
  }

  stop(name: string): void {
    const pid = this.processes.get(name);
    this.processes.delete(name);
    if (pid !== undefined) process.kill(-pid, "SIGTERM");
    this.set(name, "inactive");
  }

  get failed(): string[] {
    return [...this.states].filter(([, state]) => state === "failed").map(([name]) => name);
  }

  boot(failing: readonly string[], finalizeFailure: string): void {
    this.states.clear();
    this.processes.clear();
    this.zincatiRegistered = false;
    this.journal.clear();
    for (const name of [...this.usual, ...this.enabled]) if (!this.masked.has(name)) this.set(name, "active");
    for (const name of failing)
      this.set(name, "failed", `${name}: Main process exited, code=exited, status=1/FAILURE`);
    if (finalizeFailure !== "")
      this.set(
        "ostree-boot-complete.service",
        "failed",
        `error: ostree-finalize-staged.service failed on previous boot: ${finalizeFailure}`,
      );
  }
}
