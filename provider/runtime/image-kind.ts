import { loginPlaces } from "../host/login-rules";
import { loginSecrets } from "../host/login-schema";
import { inputRules, loginHosts } from "../image/input-rules";
import { declaredShape, imageSchema, type ImageInputs } from "../image/schema";
import type { Inputs } from "./inputs";
import type { Kind, Look } from "./kind";
import { file, login, namesAt } from "./local-files";

const logins = loginPlaces(loginHosts);

export const imageKind: Kind<ImageInputs> = {
  declaredShape,
  schema: imageSchema,
  rules: inputRules,
  rulesForNew: [],
  // Not what the image holds: whoever may pull it reads its files and steps.
  secretPaths: [
    "sign.privateKey",
    "sign.password",
    ...logins.flatMap(({ path }) => loginSecrets.map((key) => `${path}.${key}`)),
  ],
  registryLogins: ["base", "registry"],
  looksAt,
  told: { key: "__resolveError", inWords: (message) => message },
};

function looksAt(news: Inputs): Look[] {
  return [
    ...namesAt(news, ["kernel", "rpms"]).map((index) => file("kernel", "rpms", Number(index), "path")),
    ...namesAt(news, ["files"]).map((name) => file("files", name, "source")),
    file("sign", "privateKeyPath"),
    ...logins.map(({ path }) => login(path)),
  ];
}
