import { repeated, type InputRule as Rule } from "../core/input-rule";
import { loginRules, sudoPasswordUsed, type HostPlace } from "../host/login-rules";
import { wholeRegistryLogin } from "../host/registry-login";
import { kernelRelease } from "../host/schema-values";
import { isMeantBy } from "./kernel-arguments";
import type { FcosHostInputs } from "./schema";

type InputRule = Rule<FcosHostInputs>;

const machine: HostPlace<FcosHostInputs> = { path: "connection", of: (inputs) => inputs.connection };

export const loginHosts = [machine];

export const inputRules: readonly InputRule[] = [
  ...loginRules(loginHosts),
  // Nobody is root here who does not say so: the user is core.
  sudoPasswordUsed("connection", ["connection.user"], ({ connection }) =>
    connection.user === "root" ? connection : undefined,
  ),
  ...wholeRegistryLogin("registry", (inputs: FcosHostInputs) => inputs.registry),
  {
    path: "booted.kernelRelease",
    reads: ["booted.kernelRelease"],
    problem: ({ booted }) =>
      kernelRelease.optional().safeParse(booted.kernelRelease).error?.issues[0]?.message,
  },
  {
    path: "remote",
    reads: ["remote", "transport"],
    problem: ({ remote, transport }) =>
      transport === "remote-registry" && remote === undefined
        ? 'is missing: with transport "remote-registry", the ostree remote whose keys sign the image'
        : undefined,
  },
  {
    path: "remote",
    reads: ["remote", "transport"],
    problem: ({ remote, transport }) =>
      transport !== "remote-registry" && remote !== undefined
        ? 'is given without transport "remote-registry": nothing else asks a remote'
        : undefined,
  },
  {
    path: "transport",
    reads: ["driver", "transport"],
    problem: ({ driver, transport }) =>
      driver === "bootc" && transport === "remote-registry"
        ? 'must not be "remote-registry" with driver "bootc", which knows no ostree remotes: use "image-signed"'
        : undefined,
  },
  {
    path: "kernelArguments",
    reads: ["driver", "kernelArguments"],
    problem: ({ driver, kernelArguments: { present = [], absent = [] } = {} }) =>
      driver === "bootc" && present.length + absent.length > 0
        ? 'cannot be set with driver "bootc": put them into the image, in a file of /usr/lib/bootc/kargs.d'
        : undefined,
  },
  {
    path: "kernelArguments.absent",
    reads: ["kernelArguments"],
    problem: ({ kernelArguments: { present = [], absent = [] } = {} }) => {
      const [both, wanted] = contradiction(present, absent) ?? [];
      if (both === undefined || both === wanted)
        return both && `names ${both}, which kernelArguments.present names as well`;
      return `names ${both}, which stands for all of its values, and kernelArguments.present names ${wanted}`;
    },
  },
  ...(["present", "absent"] as const).map((key): InputRule => ({
    path: `kernelArguments.${key}`,
    reads: [`kernelArguments.${key}`],
    problem: ({ kernelArguments }) => {
      const twice = repeated(kernelArguments?.[key] ?? []);
      return twice && `names ${twice} twice`;
    },
  })),
  {
    path: "unchangedEtc",
    reads: ["unchangedEtc"],
    problem: ({ unchangedEtc = [] }) => {
      const inner = unchangedEtc.find((path) => unchangedEtc.some((other) => path.startsWith(`${other}/`)));
      const twice = repeated(unchangedEtc) ?? inner;
      return twice && `names ${twice} twice: alone, or with all that lies in a folder`;
    },
  },
];

/** What is to be removed, and what is to be there all the same. */
function contradiction(
  present: readonly string[],
  absent: readonly string[],
): readonly [string, string] | undefined {
  return absent
    .flatMap((unwanted) => present.map((wanted) => [unwanted, wanted] as const))
    .find(([unwanted, wanted]) => isMeantBy(wanted, unwanted));
}
