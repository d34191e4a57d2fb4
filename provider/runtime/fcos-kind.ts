import { inputRules, loginHosts } from "../fcos/input-rules";
import { declaredShape, fcosHostSchema, type FcosHostInputs } from "../fcos/schema";
import { loginPlaces } from "../host/login-rules";
import { loginSecrets } from "../host/login-schema";
import type { Kind } from "./kind";
import { login } from "./local-files";

const logins = loginPlaces(loginHosts);

export const fcosKind: Kind<FcosHostInputs> = {
  declaredShape,
  schema: fcosHostSchema,
  rules: inputRules,
  rulesForNew: [],
  secretPaths: [...logins.flatMap(({ path }) => loginSecrets.map((key) => `${path}.${key}`))],
  registryLogins: ["registry"],
  writtenAs: new Map([["booted.kernelRelease", "image.kernelRelease"]]),
  looksAt: () => logins.map(({ path }) => login(path)),
  told: { key: "__imageError", inWords: (message) => message },
};
