import type { Access, AccessAuth } from "../core/shell";
import type { HostLogin, Login } from "./login-schema";

/** The way in that a login declares; `label` is the property that errors send the reader to. */
export function accessOf(
  declared: HostLogin & { host: string },
  label: string,
  connectTimeoutSeconds = 10,
): Access {
  const user = declared.user ?? "root";
  return {
    ...(label === "connection" ? {} : { label }),
    host: declared.host,
    port: declared.port ?? 22,
    user,
    auth: authOf(declared, label),
    hostKeys: hostKeysOf(declared.hostKey),
    sudo: user !== "root",
    connectTimeoutSeconds,
    ...sudoOf(declared),
    ...jumpOf(declared, label),
  };
}

export function sudoOf({ sudoPassword }: HostLogin): Pick<Access, "sudoPassword"> {
  return sudoPassword === undefined ? {} : { sudoPassword };
}

export function jumpOf({ jumpHost }: HostLogin, of: string): Pick<Access, "jump"> {
  if (jumpHost === undefined) return {};
  const label = `${of}.jumpHost`;
  return {
    jump: {
      label,
      host: jumpHost.host,
      port: jumpHost.port ?? 22,
      user: jumpHost.user ?? "root",
      auth: authOf(jumpHost, label),
      hostKeys: hostKeysOf(jumpHost.hostKey),
      sudo: false,
      connectTimeoutSeconds: 10,
    },
  };
}

export function hasOwnKey(login: Login): boolean {
  return login.privateKey !== undefined || login.privateKeyPath !== undefined || Boolean(login.agent);
}

/** `label`: the property that the key stands in; that of most is the default of `AccessAuth`. */
export function authOf(login: Login, label: string): AccessAuth {
  const { privateKey, privateKeyPath, passphrase, agent } = login;
  const named = label === "connection" ? {} : { label };
  const secret = { ...named, ...(passphrase === undefined ? {} : { passphrase }) };
  if (privateKey !== undefined) return { privateKey, ...secret };
  if (privateKeyPath !== undefined) return { privateKeyPath, ...secret };
  const agentSocket = typeof agent === "string" ? agent : process.env["SSH_AUTH_SOCK"];
  return agentSocket === undefined ? named : { ...named, agentSocket };
}

export function hostKeysOf(hostKey: string | string[] | undefined): string[] | undefined {
  if (hostKey === undefined || hostKey === "accept-new") return undefined;
  return Array.isArray(hostKey) ? hostKey : [hostKey];
}
