import type { InputRule } from "./input-rule";
import type { NixosHostInputs } from "./schema";

type Connection = NixosHostInputs["connection"];
type Login = Partial<Connection>;

interface Place {
  path: string;
  of: (inputs: NixosHostInputs) => Login | undefined;
}

const hosts: readonly Place[] = [
  { path: "connection", of: (inputs) => inputs.connection },
  { path: "install.connection", of: (inputs) => inputs.install?.connection },
];

/** Wherever a key is offered to an ssh server. */
export const logins: readonly Place[] = hosts.flatMap((host) => [
  host,
  { path: `${host.path}.jumpHost`, of: (inputs) => host.of(inputs)?.jumpHost },
]);

export const loginRules: readonly InputRule[] = [
  ...logins.flatMap(({ path, of }) => [oneKey(path, of), passphraseOfAKey(path, of)]),
  ...logins.filter(({ path }) => path !== "install.connection").map(({ path, of }) => hostKeyGiven(path, of)),
  ...hosts.map(({ path, of }) => jumpElsewhere(path, of)),
  sudoPasswordUsed("connection", ({ connection, install }) =>
    // The old system's user may be the one whom sudo asks.
    [connection.user, install?.connection?.user ?? connection.user].every(isRoot) ? connection : undefined,
  ),
  sudoPasswordUsed("install.connection", ({ connection, install }) =>
    isRoot(install?.connection?.user ?? connection.user) ? install?.connection : undefined,
  ),
];

function oneKey(path: string, of: Place["of"]): InputRule {
  return {
    path: `${path}.privateKeyPath`,
    reads: ["privateKey", "privateKeyPath", "agent"].map((key) => `${path}.${key}`),
    problem: (inputs) => {
      const login = of(inputs);
      const given = [login?.privateKey, login?.privateKeyPath, login?.agent || undefined];
      return given.filter((key) => key !== undefined).length > 1
        ? "give one of privateKey, privateKeyPath and agent"
        : undefined;
    },
  };
}

function passphraseOfAKey(path: string, of: Place["of"]): InputRule {
  return {
    path: `${path}.passphrase`,
    reads: ["privateKey", "privateKeyPath", "passphrase"].map((key) => `${path}.${key}`),
    problem: (inputs) => {
      const login = of(inputs);
      return login?.passphrase !== undefined && (login.privateKey ?? login.privateKeyPath) === undefined
        ? "is given without privateKey or privateKeyPath: there is nothing to open with it"
        : undefined;
    },
  };
}

function hostKeyGiven(path: string, of: Place["of"]): InputRule {
  return {
    path: `${path}.hostKey`,
    reads: [`${path}.hostKey`],
    problem: (inputs) => {
      const login = of(inputs);
      // Nothing would pin a jump host's first key: the state holds the machine's own keys only.
      if (path.endsWith("jumpHost"))
        return login !== undefined && (login.hostKey ?? "accept-new") === "accept-new"
          ? 'must be the jump host\'s public key or fingerprint: "accept-new" is for the machine itself'
          : undefined;
      return login !== undefined && login.hostKey === undefined
        ? 'is missing: give the host\'s public key or fingerprint, or "accept-new" to pin the first one seen'
        : undefined;
    },
  };
}

function jumpElsewhere(path: string, of: Place["of"]): InputRule {
  const ends = ["host", "port"].flatMap((key) => [key, `jumpHost.${key}`]);
  return {
    path: `${path}.jumpHost`,
    reads: [...ends.map((key) => `${path}.${key}`), "connection.host", "connection.port"],
    problem: (inputs) => {
      const login = of(inputs);
      const jump = login?.jumpHost;
      const host = login?.host ?? inputs.connection.host;
      const port = login?.port ?? inputs.connection.port ?? 22;
      return jump?.host === host && (jump.port ?? 22) === port
        ? "is the host itself: give the host between, or leave it out"
        : undefined;
    },
  };
}

function sudoPasswordUsed(path: string, unasked: Place["of"]): InputRule {
  return {
    path: `${path}.sudoPassword`,
    reads: [`${path}.sudoPassword`, "connection.user", "install.connection.user"],
    problem: (inputs) =>
      unasked(inputs)?.sudoPassword === undefined
        ? undefined
        : "is given, but the user is root, whom nobody asks for it: give user, or leave it out",
  };
}

function isRoot(user: string | undefined): boolean {
  return user === undefined || user === "root";
}
