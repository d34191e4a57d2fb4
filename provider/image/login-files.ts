import { containersAuth } from "../host/registry-login";
import type { LoginFiles } from "./builders/builder";
import { withStoredLogin } from "./registry/stored-login";
import type { RegistryLogin } from "./types";
import { writeFile, type WorkingFolder } from "./working-folder";

interface Place {
  registry: string;
  repository: string;
}

/** Docker and cosign look for Docker Hub's login under an address of old; buildah and podman under its name. */
const otherKeys: Record<string, string[]> = { "docker.io": ["https://index.docker.io/v1/"] };

/**
 * What a builder enters a registry with, as files: no password is in any process list. They are there for one command
 * alone. The logins that are stored here count on another machine as well.
 */
export async function withLogin(
  folder: WorkingFolder,
  place: Place,
  login: RegistryLogin,
  command: (files: LoginFiles) => string,
): Promise<string> {
  const { username, password, certificateAuthority } = await withStoredLogin(place, login);
  const files: LoginFiles = {
    ...(username === undefined ? {} : { authFile: `${folder.secrets}/auth.json` }),
    ...(certificateAuthority === undefined ? {} : { certificates: `${folder.path}/certificates` }),
  };
  const keys = [place.registry, ...(otherKeys[place.registry] ?? [])];
  return [
    ...(files.certificates === undefined
      ? []
      : [writeFile(`${files.certificates}/ca.crt`, certificateAuthority ?? "")]),
    ...(files.authFile === undefined
      ? []
      : [writeFile(files.authFile, JSON.stringify(containersAuth(keys, username ?? "", password ?? "")))]),
    command(files),
    "code=$?",
    ...(files.authFile === undefined ? [] : [`rm -f '${files.authFile}'`]),
    "exit $code",
  ].join("\n");
}
