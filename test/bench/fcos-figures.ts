import type { StackExport } from "../lab/pulumi-stack";
import { ratio, seconds, type Figure } from "./figures";
import type { PulumiFigures } from "./pulumi-machine";
import { stateFigure } from "./state-size";

export interface PlainMove {
  seconds: number;
  rebase: number;
  reboot: number;
}

/** What was measured of one machine's moves. */
export interface Moves {
  forth: PulumiFigures[];
  back: PulumiFigures[];
  failed: (PulumiFigures & { toSafety: number })[];
  plainForth: PlainMove[];
  plainBack: PlainMove[];
  looks?: {
    preview: PulumiFigures;
    refresh: PulumiFigures;
    state: StackExport["deployment"]["resources"][number];
  };
}

export function moveFigures({ forth, back, failed, plainForth, plainBack, looks }: Moves): Figure[] {
  const whole = (runs: readonly { seconds: number }[]): number[] => runs.map((each) => each.seconds);
  const of = (...names: string[]): number[] =>
    forth.map(({ timeline }) => {
      const phases = timeline.phases();
      return names.reduce((sum, name) => sum + (phases.get(name) ?? 0), 0);
    });
  return [
    {
      what: "FcosHost: another kernel, the image is in the registry",
      measured: `**${ratio(whole(forth), whole(plainForth))}** = ${seconds(whole(forth))} / ${seconds(whole(plainForth))}`,
      how: "`pulumi up` (Pulumi's own start included) / `rpm-ostree rebase`, reboot, wait for ssh and `uname -r` by OpenSSH, in turns on one VM",
    },
    {
      what: "– rebase",
      measured: `${seconds(of("rebase"))}; plain ${seconds(plainForth.map((each) => each.rebase))}`,
      how: "the download included; ours with the login brought and taken away again",
    },
    {
      what: "– proofs before the reboot, and the guard",
      measured: seconds(of("preflight", "check staged", "finalize", "guard")),
      how: "preflight, check staged, finalize, guard; the plain commands leave them out, but for finalizing, which is a part of their reboot",
    },
    {
      what: "– reboot",
      measured: `${seconds(of("reboot"))}; plain ${seconds(plainForth.map((each) => each.reboot))}`,
      how: "until the new system answered",
    },
    {
      what: "– confirm and keep",
      measured: seconds(of("confirm", "keep")),
      how: "until systemd has started everything, one health check, pin and receipt; the plain commands leave this out",
    },
    {
      what: "FcosHost: back to the image before, without a download",
      measured: `**${ratio(whole(back), whole(plainBack))}** = ${seconds(whole(back))} / ${seconds(whole(plainBack))}`,
      how: "`pulumi up` of the earlier image / `rpm-ostree rollback`, reboot, wait for ssh and `uname -r`, as above",
    },
    {
      what: "FcosHost: a failing health check, until the old system is proved",
      measured: `${seconds(failed.map((each) => each.toSafety))}; plain ${seconds(whole(plainBack))}`,
      how:
        "from the moment when the service on the machine answered 500 to `rolled back to` on the screen, while the failed `up` of it took " +
        `${seconds(whole(failed))} in all; plain: the rollback above, by somebody who knows at once`,
    },
    {
      what: "ssh connections of a move / of one that is rolled back",
      measured: `${forth.map(({ connections }) => connections).join(", ")} / ${failed.map(({ connections }) => connections).join(", ")}`,
      aim: "one a boot: 2 / 3",
      how: "counted as above",
    },
    ...(looks === undefined ? [] : lookFigures(looks)),
  ];
}

function lookFigures({ preview, refresh, state }: NonNullable<Moves["looks"]>): Figure[] {
  return [
    {
      what: "FcosHost: preview / refresh of a machine that is as declared",
      measured: `${preview.seconds.toFixed(1)} s / ${refresh.seconds.toFixed(1)} s; ${preview.connections} / ${refresh.connections} connections`,
      how: "with Pulumi's own start; both of the program that builds the image, too",
    },
    stateFigure("State of one FcosHost", state, "after a move"),
  ];
}
