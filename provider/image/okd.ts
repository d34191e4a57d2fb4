import { objectName, pinned, refused } from "./document-rules";

/** Objects of OKD's and OpenShift's Machine Config Operator, as its custom resource definitions have them. */
export const apiVersion = "machineconfiguration.openshift.io/v1";

export interface MachineConfig {
  apiVersion: typeof apiVersion;
  kind: "MachineConfig";
  metadata: { name: string; labels: Record<string, string> };
  spec: { osImageURL: string; kernelArguments?: string[] };
}

export interface MachineConfigOptions {
  pool: string;
  name?: string | undefined;
  kernelArguments?: string[] | undefined;
}

/** A role is the value of a label, and Kubernetes takes no longer one. */
const longestRole = 63;

export function machineConfig(reference: string, options: MachineConfigOptions): MachineConfig {
  const { kernelArguments } = options;
  return {
    apiVersion,
    kind: "MachineConfig",
    metadata: machineConfigMetadata(options),
    spec: { osImageURL: pinned("image", reference).text, ...(kernelArguments && { kernelArguments }) },
  };
}

/** Known before the image is. */
export function machineConfigMetadata({ pool, name }: MachineConfigOptions): MachineConfig["metadata"] {
  const role = objectName("pool", pool, longestRole);
  return {
    // Of several objects that name an image, the operator takes the last one by name.
    name: objectName("name", name ?? `99-${role}-layered-image`),
    labels: { "machineconfiguration.openshift.io/role": role },
  };
}

export const architectures = ["NoArch", "AMD64", "ARM64", "PPC64LE", "S390X"] as const;

export interface Containerfile {
  content: string;
  containerfileArch?: (typeof architectures)[number] | undefined;
}

export interface MachineOSConfig {
  apiVersion: typeof apiVersion;
  kind: "MachineOSConfig";
  metadata: { name: string };
  spec: {
    machineConfigPool: { name: string };
    imageBuilder: { imageBuilderType: "Job" };
    baseImagePullSecret?: { name: string };
    renderedImagePushSecret: { name: string };
    renderedImagePushSpec: string;
    containerFile?: { containerfileArch: (typeof architectures)[number]; content: string }[];
  };
}

export interface MachineOSConfigOptions {
  pool: string;
  renderedImagePushSpec: string;
  renderedImagePushSecret: string;
  baseImagePullSecret?: string | undefined;
  containerFile?: string | Containerfile[] | undefined;
}

export function machineOSConfig(options: MachineOSConfigOptions): MachineOSConfig {
  const { baseImagePullSecret, containerFile } = options;
  const pool = objectName("pool", options.pool);
  return {
    apiVersion,
    kind: "MachineOSConfig",
    // One for each pool, and the API server refuses another name.
    metadata: { name: pool },
    spec: {
      machineConfigPool: { name: pool },
      imageBuilder: { imageBuilderType: "Job" },
      ...(baseImagePullSecret !== undefined && {
        baseImagePullSecret: { name: objectName("baseImagePullSecret", baseImagePullSecret) },
      }),
      renderedImagePushSecret: {
        name: objectName("renderedImagePushSecret", options.renderedImagePushSecret),
      },
      renderedImagePushSpec: pushSpec(options.renderedImagePushSpec),
      ...(containerFile !== undefined && { containerFile: containerfiles(containerFile) }),
    },
  };
}

const publicName = /^([a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+(:\d{2,5})?(\/[\w-]{1,61})*\/[\w.-]+:[\w.-]+$/;
const serviceName = /^[^.\s]+\.[^.\s]+\.svc:\d+\/[^/\s]+\/[^/\s]+:[^/\s]+$/;
const longestPushSpec = 447;

function pushSpec(text: string): string {
  if (text.length <= longestPushSpec && (publicName.test(text) || serviceName.test(text))) return text;
  throw refused(
    "renderedImagePushSpec",
    `must be "host.domain[:port]/namespace/name:tag" or "service.namespace.svc:port/namespace/name:tag", of at most ${longestPushSpec} characters: with a tag, and without "." in a namespace`,
    text,
  );
}

const mostContainerfiles = 4;
const longestContainerfile = 4096;

function containerfiles(given: string | Containerfile[]): MachineOSConfig["spec"]["containerFile"] {
  const list = typeof given === "string" ? [{ content: given }] : given;
  if (list.length > mostContainerfiles)
    throw refused(
      "containerFile",
      `must be at most ${mostContainerfiles}, one for an architecture`,
      `${list.length}`,
    );
  const files = list.map(({ content, containerfileArch = "NoArch" }: Containerfile, index) => ({
    containerfileArch: architecture(`containerFile[${index}].containerfileArch`, containerfileArch),
    content: containerfile(`containerFile[${index}].content`, content),
  }));
  const twice = files.find(({ containerfileArch: it }, index) =>
    files.slice(0, index).some(({ containerfileArch }) => containerfileArch === it),
  );
  if (twice !== undefined)
    throw refused("containerFile", "must name each architecture once", twice.containerfileArch);
  return files;
}

function architecture(argument: string, name: (typeof architectures)[number]): typeof name {
  if (architectures.includes(name)) return name;
  throw refused(argument, `must be one of ${architectures.join(", ")}`, String(name));
}

/** Characters as the API server counts them: code points. */
function containerfile(argument: string, content: string): string {
  const length = [...content].length;
  if (length > longestContainerfile)
    throw refused(argument, `must be at most ${longestContainerfile} characters`, `${length} characters`);
  const last = [...content.matchAll(/^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)/gim)].at(-1)?.[1];
  if (last?.toLowerCase() === "configs") return content;
  // What the operator itself puts into a node's image lies in its stage "configs".
  throw refused(
    argument,
    'must end with a stage "FROM configs AS final": any other image lacks the nodes\' configuration',
    last === undefined ? "no FROM" : `FROM ${last}`,
  );
}
