import type { InputRule } from "../core/input-rule";
import type { HostLogin, Login } from "./login-schema";

/** Where inputs declare the way into a host. */
export interface HostPlace<Inputs> {
  path: string;
  of: (inputs: Inputs) => (HostLogin & { host?: string | undefined }) | undefined;
  /** What is not given here is as it is there. */
  inherits?: HostPlace<Inputs>;
  /** Why `accept-new` is refused, where nothing would pin the first key. */
  neverNew?: string;
}

interface LoginPlace<Inputs> {
  path: string;
  of: (inputs: Inputs) => Login | undefined;
}

/** Wherever a key is offered to an ssh server: the hosts, and those between. */
export function loginPlaces<Inputs>(hosts: readonly HostPlace<Inputs>[]): LoginPlace<Inputs>[] {
  return hosts.flatMap((host) => [host, jumpOf(host)]);
}

export function loginRules<Inputs>(hosts: readonly HostPlace<Inputs>[]): InputRule<Inputs>[] {
  return [
    ...loginPlaces(hosts).flatMap((place) => [oneKey(place), passphraseOfAKey(place)]),
    ...hosts.filter(({ inherits }) => inherits === undefined).map(hostKeyGiven),
    ...hosts.map((host) =>
      knownKey(
        jumpOf(host),
        'must be the jump host\'s public key or fingerprint: "accept-new" is for the machine itself',
      ),
    ),
    ...hosts.map(jumpElsewhere),
  ];
}

function jumpOf<Inputs>(host: HostPlace<Inputs>): LoginPlace<Inputs> {
  return { path: `${host.path}.jumpHost`, of: (inputs) => host.of(inputs)?.jumpHost };
}

function oneKey<Inputs>({ path, of }: LoginPlace<Inputs>): InputRule<Inputs> {
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

function passphraseOfAKey<Inputs>({ path, of }: LoginPlace<Inputs>): InputRule<Inputs> {
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

function hostKeyGiven<Inputs>({ path, of, neverNew }: HostPlace<Inputs>): InputRule<Inputs> {
  if (neverNew !== undefined) return knownKey({ path, of }, neverNew);
  return {
    path: `${path}.hostKey`,
    reads: [`${path}.hostKey`],
    problem: (inputs) => {
      const login = of(inputs);
      return login !== undefined && login.hostKey === undefined
        ? 'is missing: give the host\'s public key or fingerprint, or "accept-new" to pin the first one seen'
        : undefined;
    },
  };
}

/** Nothing would pin a jump host's first key: the state holds the machine's own keys only. */
function knownKey<Inputs>({ path, of }: LoginPlace<Inputs>, text: string): InputRule<Inputs> {
  return {
    path: `${path}.hostKey`,
    reads: [`${path}.hostKey`],
    problem: (inputs) => {
      const login = of(inputs);
      return login !== undefined && (login.hostKey ?? "accept-new") === "accept-new" ? text : undefined;
    },
  };
}

function jumpElsewhere<Inputs>({ path, of, inherits }: HostPlace<Inputs>): InputRule<Inputs> {
  const ends = ["host", "port"].flatMap((key) => [key, `jumpHost.${key}`]);
  return {
    path: `${path}.jumpHost`,
    reads: [
      ...ends.map((key) => `${path}.${key}`),
      ...(inherits === undefined ? [] : [`${inherits.path}.host`, `${inherits.path}.port`]),
    ],
    problem: (inputs) => {
      const login = of(inputs);
      const whole = inherits?.of(inputs);
      const jump = login?.jumpHost;
      const port = login?.port ?? whole?.port ?? 22;
      return jump?.host === (login?.host ?? whole?.host) && (jump?.port ?? 22) === port && jump !== undefined
        ? "is the host itself: give the host between, or leave it out"
        : undefined;
    },
  };
}

/** `unasked`: the login, where its user is root whom no sudo asks. */
export function sudoPasswordUsed<Inputs>(
  path: string,
  users: readonly string[],
  unasked: HostPlace<Inputs>["of"],
): InputRule<Inputs> {
  return {
    path: `${path}.sudoPassword`,
    reads: [`${path}.sudoPassword`, ...users],
    problem: (inputs) =>
      unasked(inputs)?.sudoPassword === undefined
        ? undefined
        : "is given, but the user is root, whom nobody asks for it: give user, or leave it out",
  };
}

export function isRoot(user: string | undefined): boolean {
  return user === undefined || user === "root";
}
