import type { InputRule } from "../core/input-rule";
import { authorityProblem } from "../core/pem";
import { judged, text } from "./schema-values";

/** The shape of a login at a registry, as every resource that needs one declares it. */
export const registryLogin = {
  username: text
    .regex(
      /^[^\s:]+$/,
      "must be a user's name, without blanks and ':': the password has a property of its own",
    )
    .optional(),
  password: text.optional(),
  certificateAuthority: judged(authorityProblem).optional(),
};

interface RegistryLogin {
  username?: string | undefined;
  password?: string | undefined;
}

/** A login as registries, and containers-auth.json(5), have it. */
export function basicAuth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}

/** What a containers-auth.json says of registries that have the same login. */
export function containersAuth(registries: readonly string[], username: string, password: string): object {
  const auth = basicAuth(username, password);
  return { auths: Object.fromEntries(registries.map((registry) => [registry, { auth }])) };
}

/** Neither half of a login is of use alone. */
export function wholeRegistryLogin<Inputs>(
  place: string,
  of: (inputs: Inputs) => RegistryLogin | undefined,
): InputRule<Inputs>[] {
  const reads = [`${place}.username`, `${place}.password`];
  return [
    {
      path: `${place}.password`,
      reads,
      problem: (inputs) => {
        const login = of(inputs);
        return login?.username !== undefined && login.password === undefined
          ? "is missing: the user's password or token"
          : undefined;
      },
    },
    {
      path: `${place}.username`,
      reads,
      problem: (inputs) => {
        const login = of(inputs);
        return login?.password !== undefined && login.username === undefined
          ? "is missing: whose password it is"
          : undefined;
      },
    },
  ];
}
