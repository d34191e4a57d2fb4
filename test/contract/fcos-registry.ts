// Part of a stand-in for an ostree machine: the registry as its pull sees it, with the words of ostree-ext and skopeo.
import { lstatSync } from "node:fs";
import type { PlayedImage } from "./fcos-parts";
import type { FcosRoot } from "./fcos-root";
import { fails, type ToolReply } from "./fcos-tools";

const authFile = "run/ostree/auth.json";
const opening = "error: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error:";

export class Registry {
  /** Reference → image. */
  readonly images = new Map<string, PlayedImage>();
  reachable = true;
  /** `user:password` that it asks for. */
  login = "";
  /** PEM that a client must trust. */
  authority = "";
  /** What lay on the machine while it pulled. */
  readonly seen: { auth: string; mode: string; authority: string; authorityMode: string }[] = [];
  /** How often an image was taken from it. */
  pulls = 0;

  /** The image, or why it cannot be had. */
  pull(root: FcosRoot, reference: string, architecture = "x86_64"): PlayedImage | ToolReply {
    const [host = ""] = reference.split("/");
    const authority = `etc/containers/certs.d/${host}/ca.crt`;
    const mode = (path: string): string =>
      root.has(path) ? (lstatSync(root.at(path)).mode & 0o777).toString(8) : "";
    this.seen.push({
      auth: root.read(authFile),
      mode: mode(authFile),
      authority: root.read(authority),
      authorityMode: mode(authority),
    });
    if (!this.reachable)
      return fails(
        `${opening} pinging container registry ${host}: Get "https://${host}/v2/": dial tcp 10.0.2.2:5000: connect: connection refused`,
      );
    if (this.authority !== "" && root.read(authority).trim() !== this.authority.trim())
      return fails(
        `${opening} pinging container registry ${host}: Get "https://${host}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      );
    if (this.login !== "" && !root.read(authFile).includes(Buffer.from(this.login).toString("base64")))
      return fails(`${opening} reading manifest in ${reference}: unauthorized: authentication required`);
    const image = this.images.get(reference);
    if (image === undefined) return fails(`${opening} reading manifest in ${reference}: manifest unknown`);
    const wanted = architecture === "aarch64" ? "arm64" : "amd64";
    if (image.architecture !== undefined && image.architecture !== wanted)
      return fails(`error: Importing: Image has architecture ${image.architecture}; expected ${wanted}`);
    this.pulls++;
    return image;
  }
}

export const isReply = (answer: PlayedImage | ToolReply): answer is ToolReply => !("digest" in answer);

/** `registry/repository@sha256:…` of what a driver is given. */
export const plainReference = (reference: string): string =>
  reference.replace(
    /^ostree-(unverified-registry|image-signed:docker:\/\/|image-signed:registry|remote-registry:[^:]+):?/,
    "",
  );
