import { quote } from "../../core/quote";
import type { ImageConfig } from "../types";

/** Files on the build machine that one registry is entered with. */
export interface LoginFiles {
  authFile?: string;
  certificates?: string;
}

/** Of every build, so that all of one's RUNs meet the same conditions. */
export interface BuildPlace {
  /** Empty: the tool's own default, or what the user set in BUILDAH_ISOLATION. */
  isolation: "" | "chroot";
  platform: string | undefined;
}

export interface BuildRequest extends BuildPlace {
  /** Replaces the FROM of the Containerfile by a local name. */
  from: string;
  name: string;
  containerfile: string;
  context: string;
  annotations?: Readonly<Record<string, string>>;
}

/** A tool that builds images: pure command lines, and how its answers are read. */
export interface Builder {
  readonly tool: "buildah" | "podman";
  /** Prints the image's id as its last line. */
  pull(reference: string, login: LoginFiles, platform: string | undefined): string;
  inspect(name: string): string;
  parseInspect(output: string): InspectedImage;
  /** Prints the names of all working containers. */
  readonly containerNames: string;
  readonly forceRemove: string;
}

export interface InspectedImage extends ImageConfig {
  /** The digest of its configuration, without `sha256:`. */
  id: string;
}

export function buildCommand({ tool }: Builder, request: BuildRequest): string {
  return [
    `${tool} build`,
    // One layer on top of the base's: a host fetches one, and nothing of what was replaced in between.
    "--layers=false --force-rm",
    // On SELinux hosts a RUN could not read the bound context otherwise.
    "--security-opt=label=disable",
    ...(request.isolation === "" ? [] : [`--isolation=${request.isolation}`]),
    ...(request.platform === undefined ? [] : [`--platform=${quote(request.platform)}`]),
    ...Object.entries(request.annotations ?? {}).map(
      ([key, value]) => `--annotation=${quote(`${key}=${value}`)}`,
    ),
    `--from=${quote(request.from)}`,
    `--tag=${quote(request.name)}`,
    `--file=${quote(request.containerfile)}`,
    quote(request.context),
  ].join(" ");
}

export function pushCommand(
  { tool }: Builder,
  request: { name: string; destination: string; digestFile: string; login: LoginFiles },
): string {
  return [
    `${tool} push`,
    ...loginOptions(request.login),
    `--digestfile=${quote(request.digestFile)}`,
    quote(request.name),
    quote(`docker://${request.destination}`),
  ].join(" ");
}

export function loginOptions({ authFile, certificates }: LoginFiles): string[] {
  return [
    ...(authFile === undefined ? [] : [`--authfile=${quote(authFile)}`]),
    ...(certificates === undefined ? [] : [`--cert-dir=${quote(certificates)}`]),
  ];
}

export function platformOption(platform: string | undefined): string[] {
  return platform === undefined ? [] : [`--platform=${quote(platform)}`];
}
