import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { RegistryLogin } from "../types";
import type { ImageReference } from "../../core/image-reference";

type Place = Pick<ImageReference, "registry" | "repository">;

export interface StoredLogin {
  username: string;
  password: string;
  /** Where it was found. */
  file: string;
}

/** What `podman login` and `docker login` left on this machine, and why something there could not be used. */
export interface StoredLogins {
  login?: StoredLogin;
  unread: string[];
}

/** The given login, or where it names no user, what podman or docker would take. */
export async function withStoredLogin(place: Place, login: RegistryLogin): Promise<RegistryLogin> {
  if (login.username !== undefined) return login;
  const { login: stored } = await storedLogin(place);
  return stored === undefined ? login : { ...login, username: stored.username, password: stored.password };
}

/** As containers-auth.json(5) says: the first file that knows the registry, in it the longest key. */
export async function storedLogin(place: Place): Promise<StoredLogins> {
  const unread: string[] = [];
  for (const file of authFiles()) {
    const content = await read(file);
    if (content === undefined) continue;
    const found = content === "no JSON" ? `${file} is no JSON` : loginIn(content, place, file);
    if (typeof found === "string") unread.push(found);
    else if (found !== undefined) return { login: found, unread };
  }
  return { unread };
}

function authFiles(): string[] {
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = process.env;
  if (named) return [named];
  const podman = XDG_RUNTIME_DIR
    ? `${XDG_RUNTIME_DIR}/containers`
    : `/run/containers/${process.getuid?.() ?? 0}`;
  return [
    join(podman, "auth.json"),
    join(XDG_CONFIG_HOME || join(homedir(), ".config"), "containers/auth.json"),
    join(DOCKER_CONFIG || join(homedir(), ".docker"), "config.json"),
  ];
}

type AuthFile = Partial<Record<"auths" | "credHelpers", Record<string, unknown>>> & { credsStore?: unknown };

async function read(file: string): Promise<AuthFile | "no JSON" | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === "object" && content !== null ? content : "no JSON";
  } catch {
    return "no JSON";
  }
}

/** The login, or why the one that is there cannot be used. */
function loginIn(
  content: AuthFile,
  { registry, repository }: Place,
  file: string,
): StoredLogin | string | undefined {
  const names = registry === "docker.io" ? [registry, "index.docker.io", "registry-1.docker.io"] : [registry];
  const keys = names.flatMap((name) => [...prefixes(`${name}/${repository}`), name]);
  const auths = new Map(
    Object.entries(content.auths ?? {}).map(([key, entry]) => [withoutScheme(key), entry]),
  );
  for (const key of keys) {
    const login = decoded(auths.get(key));
    if (login !== undefined) return { ...login, file };
  }
  const helper = names.map((name) => content.credHelpers?.[name]).find(Boolean) ?? content.credsStore;
  const isNamed = names.some((name) => content.credHelpers?.[name] || auths.has(name));
  return helper !== undefined && isNamed
    ? `${file} leaves ${registry} to the credential helper ${JSON.stringify(helper)}, and helpers are not asked`
    : undefined;
}

/** `a/b/c` → `a/b/c`, `a/b`: the longest one first. */
function prefixes(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - index).join("/"));
}

/** Docker's older keys are addresses: `https://index.docker.io/v1/`. */
function withoutScheme(key: string): string {
  return /^https?:\/\//.test(key) ? key.replace(/^https?:\/\//, "").replace(/\/.*$/, "") : key;
}

function decoded(entry: unknown): Pick<StoredLogin, "username" | "password"> | undefined {
  const { auth } = (entry ?? {}) as { auth?: unknown };
  if (typeof auth !== "string") return undefined;
  const [, username, password] = /^([^:]+):([^]+)$/.exec(Buffer.from(auth, "base64").toString()) ?? [];
  return username === undefined || password === undefined ? undefined : { username, password };
}
