import { createHash } from "node:crypto";
import { HostError } from "../../core/errors";
import type { RegistryLogin } from "../types";
import { isGone, unexpected } from "./answers";
import { Authentication, type Purpose } from "./authentication";
import { ask, type Answer, type Question, type Way } from "./http";
import { configDigestOf, imageConfigOf, manifestOf, manifestTypes, type ImageConfig } from "./image-config";
import { isDigest } from "../../core/image-reference";

export interface Manifest {
  mediaType: string;
  bytes: Buffer;
}

export interface RegistryOptions {
  /** The property that errors send the reader to. Default: `registry`. */
  property?: string;
  /** For the whole answer to one question. Default: 15. */
  deadlineSeconds?: number;
}

/** docker.io is a name, not an address. */
const addresses: Record<string, string> = { "docker.io": "registry-1.docker.io" };

/**
 * What a registry holds, by the HTTP API of the OCI distribution specification. `undefined` is the registry's own word
 * that a thing is not there; whoever cannot be asked is an error: `unreachable`, `login-refused` or `registry-failed`.
 */
export class Registry {
  private readonly way: Way;
  private readonly authentication: Authentication;

  constructor(
    private readonly registry: string,
    login: RegistryLogin,
    { property = "registry", deadlineSeconds = 15 }: RegistryOptions = {},
  ) {
    this.way = { property, deadlineSeconds, certificateAuthority: login.certificateAuthority };
    this.authentication = new Authentication(login, this.way);
  }

  /** The digest that a tag stands for now, or the digest itself while it is there. */
  async digestOf(repository: string, tagOrDigest: string): Promise<string | undefined> {
    const look = await this.ask("pull", repository, "HEAD", `manifests/${tagOrDigest}`);
    const { "docker-content-digest": said } = look.headers;
    if (look.status === 200 && isDigest(String(said)) && (!isDigest(tagOrDigest) || said === tagOrDigest))
      return String(said);
    // No body comes with an answer to HEAD, so why there is none is not told.
    const manifest = await this.fetchManifest(repository, tagOrDigest);
    return manifest === undefined ? undefined : sha256(manifest.bytes);
  }

  /** Its bytes, which have that digest. */
  async manifest(repository: string, digest: string): Promise<Manifest | undefined> {
    return this.fetchManifest(repository, digest);
  }

  /** What the image says of itself; of several platforms' images, the one for `platform` (`linux/amd64`). */
  async config(repository: string, digest: string, platform: string): Promise<ImageConfig | undefined> {
    const first = await this.fetchManifest(repository, digest);
    if (first === undefined) return undefined;
    const chosen = manifestOf(platform, first.bytes, this.nameOf(repository, digest));
    const manifest = chosen === undefined ? first : await this.fetchManifest(repository, chosen);
    const config = manifest && configDigestOf(manifest.bytes);
    if (config === undefined) return undefined;
    const answer = await this.ask("pull", repository, "GET", `blobs/${config}`);
    if (isGone(answer)) return undefined;
    return imageConfigOf(this.checked(answer, repository, config));
  }

  /** Lets a tag stand for a digest that the registry holds already. */
  async tag(repository: string, digest: string, tag: string): Promise<void> {
    const what = `${this.nameOf(repository, digest)} could not be tagged "${tag}"`;
    const manifest = await this.fetchManifest(repository, digest);
    if (manifest === undefined)
      throw new HostError("registry-failed", {
        what,
        expected: digest,
        seen: "it is not there",
        next: "run pulumi up again",
      });
    const content = { body: manifest.bytes, headers: { "content-type": manifest.mediaType } };
    const answer = await this.ask("push", repository, "PUT", `manifests/${tag}`, content);
    if (answer.status !== 201) throw unexpected(answer, what, this.way.property);
  }

  /**
   * Throws where a push would be refused: asks what every push begins with, the place for an upload, and gives it back.
   * Unlike a look at a tag this wants the right to write, and no repository that is there already.
   */
  async requirePush(repository: string): Promise<void> {
    const answer = await this.ask("push", repository, "POST", "blobs/uploads/", { body: Buffer.alloc(0) });
    if (answer.status === 202) return this.cancelUpload(repository, answer.headers.location);
    const what = `${this.registry}/${repository} takes no push`;
    if (!isGone(answer)) throw unexpected(answer, what, this.way.property);
    const { seen = "" } = unexpected(answer, what, this.way.property).details;
    const next = `create the repository: this registry does not do that by itself; or correct ${this.way.property}.repository`;
    throw new HostError("registry-failed", { what, seen, next });
  }

  /** Good manners: the registry forgets it by itself, too. */
  private async cancelUpload(repository: string, location = ""): Promise<void> {
    const place = this.urlOf(repository, "blobs/uploads/");
    const url = URL.canParse(location, place.href) ? new URL(location, place) : undefined;
    if (location === "" || url?.origin !== place.origin) return;
    // The right to take back is one of its own where there are tokens.
    await this.ask("delete", repository, "DELETE", url.href).catch(() => undefined);
  }

  /** The digest with all its tags. Its layers go when the registry collects its garbage. */
  async delete(repository: string, digest: string): Promise<"deleted" | "not there"> {
    const answer = await this.ask("delete", repository, "DELETE", `manifests/${digest}`);
    if (answer.status === 202 || answer.status === 200) return "deleted";
    if (isGone(answer)) return "not there";
    const what = `${this.nameOf(repository, digest)} could not be deleted`;
    const { seen = "", next = "" } = unexpected(answer, what, this.way.property).details;
    const forbids = answer.status === 405 || /UNSUPPORTED/.test(seen);
    throw new HostError("registry-failed", {
      what: forbids ? `${what}: the registry allows no deletes` : what,
      seen,
      next: forbids
        ? "allow deletes in the registry (REGISTRY_STORAGE_DELETE_ENABLED=true), or set deleteOnDestroy to false"
        : next,
    });
  }

  private async fetchManifest(repository: string, tagOrDigest: string): Promise<Manifest | undefined> {
    const answer = await this.ask("pull", repository, "GET", `manifests/${tagOrDigest}`);
    if (isGone(answer)) return undefined;
    const bytes = this.checked(answer, repository, tagOrDigest);
    return { mediaType: String(answer.headers["content-type"] ?? "").replace(/\s*;.*$/, ""), bytes };
  }

  /** A digest is a promise about bytes: the registry is not believed. */
  private checked(answer: Answer, repository: string, tagOrDigest: string): Buffer {
    const name = this.nameOf(repository, tagOrDigest);
    if (answer.status !== 200) throw unexpected(answer, `${name} could not be read`, this.way.property);
    const seen = sha256(answer.body);
    if (!isDigest(tagOrDigest) || seen === tagOrDigest) return answer.body;
    throw new HostError("registry-failed", {
      what: `${name} is not what its digest says`,
      expected: tagOrDigest,
      seen,
      next: "look at the registry's storage, and at what stands between it and this machine",
    });
  }

  private nameOf(repository: string, tagOrDigest: string): string {
    return `${this.registry}/${repository}${isDigest(tagOrDigest) ? "@" : ":"}${tagOrDigest}`;
  }

  private urlOf(repository: string, pathOrUrl: string): URL {
    return new URL(pathOrUrl, `https://${addresses[this.registry] ?? this.registry}/v2/${repository}/`);
  }

  /** One question, with the login as soon as the registry asks for it. */
  private async ask(
    action: Purpose["action"],
    repository: string,
    method: Question["method"],
    pathOrUrl: string,
    content: Pick<Question, "body" | "headers"> = {},
  ): Promise<Answer> {
    const purpose = { registry: this.registry, repository, action };
    const url = this.urlOf(repository, pathOrUrl);
    const askWith = (authorization: string | undefined): Promise<Answer> => {
      const headers = { accept: manifestTypes, ...content.headers, ...(authorization && { authorization }) };
      return ask({ ...content, method, url, headers }, this.way);
    };
    let answer = await askWith(this.authentication.known(purpose));
    if (answer.status === 401) answer = await askWith(await this.authentication.answer(answer, purpose));
    if (answer.status === 401 || answer.status === 403)
      throw await this.authentication.refused(answer, purpose);
    return this.authentication.conceal(answer);
  }
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
