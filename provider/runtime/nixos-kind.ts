import { loginPlaces } from "../host/login-rules";
import { loginSecrets } from "../host/login-schema";
import { inputRules, rulesForNew } from "../nixos/input-rules";
import { loginHosts } from "../nixos/login-rules";
import { declaredShape, nixosHostSchema, type NixosHostInputs } from "../nixos/schema";
import { valueAt, type Inputs } from "./inputs";
import type { Kind, Look } from "./kind";
import { file, fileOrFolder, hostKey, login, namesAt } from "./local-files";

const logins = loginPlaces(loginHosts);
const maps = ["extraFiles", "diskEncryptionKeys", "sshHostKeys"];

export const nixosKind: Kind<NixosHostInputs> = {
  declaredShape,
  schema: nixosHostSchema,
  rules: inputRules,
  rulesForNew,
  secretPaths: [
    ...logins.flatMap(({ path }) => loginSecrets.map((key) => `${path}.${key}`)),
    ...maps.map((key) => `install.${key}.*.content`),
  ],
  looksAt,
  told: {
    key: "__evaluationError",
    inWords(message, news) {
      // What is said where the system is evaluated; of a flake that are Nix's own words, with file and line.
      const property =
        valueAt(news, ["system", "toplevel"]) === undefined ? "system.flake" : "system.toplevel";
      return `${property}: ${message}`;
    },
  },
};

function looksAt(news: Inputs): Look[] {
  const names = (...path: string[]): string[] => namesAt(news, path);
  return [
    file("install", "kexec", "path"),
    ...names("install", "kexec").map((index) => file("install", "kexec", Number(index), "path")),
    ...names("install", "extraFiles").map((name) => fileOrFolder("install", "extraFiles", name, "source")),
    ...names("install", "diskEncryptionKeys").map((name) =>
      file("install", "diskEncryptionKeys", name, "source"),
    ),
    ...names("install", "sshHostKeys").map((type) => hostKey(type)),
    ...logins.map(({ path }) => login(path)),
  ];
}
