import type { InputRule } from "../core/input-rule";
import { isRoot, loginRules as rulesOfLogins, sudoPasswordUsed, type HostPlace } from "../host/login-rules";
import type { NixosHostInputs } from "./schema";

const installed: HostPlace<NixosHostInputs> = {
  path: "connection",
  of: (inputs) => inputs.connection,
};

const old: HostPlace<NixosHostInputs> = {
  path: "install.connection",
  of: (inputs) => inputs.install?.connection,
  inherits: installed,
};

export const loginHosts = [installed, old];

const users = ["connection.user", "install.connection.user"];

export const loginRules: readonly InputRule<NixosHostInputs>[] = [
  ...rulesOfLogins(loginHosts),
  sudoPasswordUsed("connection", users, ({ connection, install }) =>
    // The old system's user may be the one whom sudo asks.
    [connection.user, install?.connection?.user ?? connection.user].every(isRoot) ? connection : undefined,
  ),
  sudoPasswordUsed("install.connection", users, ({ connection, install }) =>
    isRoot(install?.connection?.user ?? connection.user) ? install?.connection : undefined,
  ),
];
