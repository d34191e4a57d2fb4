/** Names of images, by the grammar of the distribution project; only full ones, for a short name means another thing on every machine. */
export interface ImageReference {
  /** `host` or `host:port`. */
  registry: string;
  /** The path in the registry: `fedora/fedora-coreos`. */
  repository: string;
  tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  digest?: string;
}

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])`;
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tagForm = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digestForm = "sha256:[0-9a-f]{64}";

const grammar = new RegExp(
  `^(${host}(?::[0-9]{1,5})?)/(${component}(?:/${component})*)(?::(${tagForm}))?(?:@(${digestForm}))?$`,
);
/** `docker://`, `https://`, `ostree-image-signed:docker://`: what other tools want before a name. */
const transports = /^(?:[a-z][a-z+-]*:(?:\/\/)?)+(?=[^/]*[./])/;
const form = 'must be "registry/repository", with ":tag" or "@sha256:<64 lower-case hexadecimal digits>"';

/** Beyond this registries and tools refuse a name. */
const longestName = 255;

export function parseReference(text: string): ImageReference | undefined {
  const [, registry = "", repository = "", tag, digest] = grammar.exec(text) ?? [];
  if (!isRegistry(registry) || registry.length + 1 + repository.length > longestName) return undefined;
  // The tools say library/… for what docker.io itself publishes: another spelling would be another image to us.
  if (registry === "docker.io" && !repository.includes("/")) return undefined;
  return { registry, repository, ...(tag && { tag }), ...(digest && { digest }) };
}

/** Without these signs the first word is a part of a path, and the registry is left to the machine's settings. */
function isRegistry(text: string): boolean {
  const port = /:(\d+)$/.exec(text)?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return false;
  return text === "localhost" || /[.:[]/.test(text);
}

export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** What is wrong with a reference, told after the name of the property; nothing when it is right. */
export function referenceProblem(text: string): string | undefined {
  if (parseReference(text) !== undefined) return undefined;
  const bare = text.replace(transports, "");
  if (parseReference(bare) !== undefined) return `${form}; write ${bare}`;
  const path = bare.replace(/^docker\.io\//, "");
  const onDockerHub = `docker.io/${path.includes("/") ? path : `library/${path}`}`;
  if (parseReference(onDockerHub) === undefined) return form;
  return `must be a full name: a short one means another image on every machine; if it is Docker Hub's, write ${onDockerHub}`;
}

export function repositoryProblem(text: string): string | undefined {
  const reference = parseReference(text);
  if (reference === undefined) return referenceProblem(text)?.replace(form, 'must be "registry/repository"');
  const { registry, repository, tag, digest } = reference;
  if (tag === undefined && digest === undefined) return undefined;
  return `must have no tag and no digest: ${formatReference({ registry, repository })}`;
}

export function tagProblem(text: string): string | undefined {
  if (new RegExp(`^${tagForm}$`).test(text)) return undefined;
  return 'must be a tag: up to 128 letters, digits, "_", "." and "-", with no "." or "-" first';
}

/** `sha256:0123456789ab`, as people compare them. */
export function shortDigest(digest: string): string {
  return digest === "" ? "no container image" : digest.slice(0, "sha256:".length + 12);
}

export function isDigest(text: string): boolean {
  return new RegExp(`^${digestForm}$`).test(text);
}
