import { z } from "zod";
import * as value from "./schema-values";

/** The shape of a way into a host, as every resource that needs one declares it. What depends on several: login-rules.ts. */
const login = {
  user: value.loginName.optional(),
  port: value.port.optional(),
  privateKey: value.text.optional(),
  privateKeyPath: value.text.optional(),
  passphrase: value.text.optional(),
  agent: value.agent.optional(),
  hostKey: value.hostKey.optional(),
};

const jumpHost = z.strictObject({ host: value.host, ...login });

export const hostLogin = { ...login, sudoPassword: value.password.optional(), jumpHost: jumpHost.optional() };

export type HostLogin = z.infer<z.ZodObject<typeof hostLogin>>;
/** One login, of a host or of the one between. */
export type Login = Omit<HostLogin, "sudoPassword" | "jumpHost">;

/** The properties of a login that no text may show. */
export const loginSecrets = ["privateKey", "passphrase", "sudoPassword"] as const;
