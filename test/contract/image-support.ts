import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority } from "../unit/image/registry/authority";
import { basicOf, refuse, TestRegistry } from "../unit/image/registry/test-registry";
import { rpm, sha256 } from "../unit/support/rpm-writer";
import { ProviderProcess, type Props } from "./provider-process";

jest.setTimeout(180_000);

export const kernelRelease = "6.12.107+deb13-cloud-amd64";
export const password = "correct horse battery";
const username = "builder";

/** For the stand-in of cosign, which looks at the lines around it. */
export const signingKey = (name: string): string =>
  `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${btoa(`the private key ${name}`)}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;

const fixtures = join(__dirname, "../unit/fixtures/image");

interface Settings {
  /** What was recorded of a finished image. Default: one in which everything is fine. */
  finished?: string;
  architecture?: string;
  buildFails?: string;
  pullFails?: string;
  /** A digest that the builder says it pushed, and did not. */
  pushesAnother?: string;
}

/** One provider process and one registry, with a password, for a file of tests. */
export class ImageStage {
  registry!: TestRegistry;
  private running: ProviderProcess | undefined;
  private authority!: Authority;
  private baseDigest = "";
  private content: TestRegistry["content"] = new Map();

  constructor() {
    beforeAll(async () => {
      this.authority = new Authority();
      this.running = await ProviderProcess.start({
        resource: "FcosLayeredImage",
        standIns: {
          buildah: join(__dirname, "buildah-standin.mjs"),
          cosign: join(__dirname, "cosign-standin.mjs"),
        },
      });
      await mkdir(join(this.store, "images"), { recursive: true });
      for (const { name, file } of kernel) await writeFile(this.rpmPath(name), file);
      this.registry = await new TestRegistry(this.authority.certificate()).listen();
      this.baseDigest = this.registry.put("manifests", { base: true });
      await this.plays({});
      this.keepContent();
    });
    beforeEach(async () => {
      this.registry.handler = wantsPassword;
      this.registry.seen.splice(0);
      this.registry.content.clear();
      for (const [key, content] of this.content) this.registry.content.set(key, content);
      await this.forgetCalls();
      await this.plays({});
      this.provider.engine.lines.splice(0);
    });
    afterEach(async () => {
      expect(this.provider.alive).toBe(true);
      // A refusal of `diff` cannot be returned, only thrown: the server prints this much of it.
      expect(this.provider.output.replaceAll("refused: \n", "")).toBe("");
      expect(await this.leftovers()).toEqual([]);
    });
    afterAll(async () => {
      await this.running?.stop();
      await this.registry.stop();
      this.authority.remove();
    });
  }

  get provider(): ProviderProcess {
    return this.running as ProviderProcess;
  }

  /** As the constructor hands them on. */
  inputs(changes: Props = {}): Props {
    const { host } = this.registry;
    const login = { username, password, certificateAuthority: this.authority.pem };
    return {
      base: { reference: `${host}/fcos/base:stable`, digest: this.baseDigest, ...login },
      kernel: { rpms: kernel.map(({ name, file }) => ({ path: this.rpmPath(name), sha256: sha256(file) })) },
      registry: { repository: `${host}/fcos/web`, tags: ["live"], ...login },
      kernelRelease,
      published: true,
      __fileHashes: {},
      __urn: "urn:pulumi:dev::images::pulumi-nodejs:dynamic/immutable-os:FcosLayeredImage::web",
      ...changes,
    };
  }

  registryWith(changes: Props): Props {
    return { ...(this.inputs()["registry"] as Props), ...changes };
  }

  plays({ finished = "lab-good", architecture = "amd64", ...rest }: Settings): Promise<void> {
    const holds = { base: join(fixtures, "lab-base.txt"), finished: join(fixtures, `${finished}.txt`) };
    return writeFile(join(this.store, "settings.json"), JSON.stringify({ holds, architecture, ...rest }));
  }

  /** The commands that buildah was asked for, looks into images aside. */
  async built(): Promise<string[]> {
    const calls = await this.calls();
    return calls
      .filter((words) => words.every((word) => !word.includes("look")))
      .map(([command = ""]) => command);
  }

  async calls(): Promise<string[][]> {
    const lines = (await readFile(join(this.store, "calls"), "utf8")).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as string[]);
  }

  forgetCalls(): Promise<void> {
    return writeFile(join(this.store, "calls"), "");
  }

  /** Digests and tags of what was pushed. */
  pushed(): string[] {
    const place = "/v2/fcos/web/manifests/";
    return [...this.registry.content.keys()].flatMap((key) =>
      key.startsWith(place) ? [key.slice(place.length)] : [],
    );
  }

  /** Takes what is in the registry now for the beginning of each test. */
  keepContent(): void {
    this.content = new Map(this.registry.content);
  }

  forget(digest: string): void {
    this.registry.content.delete(`/v2/fcos/web/manifests/${digest}`);
  }

  said(): string[] {
    return this.provider.engine.lasting(String(this.inputs()["__urn"]));
  }

  private get store(): string {
    return join(this.provider.folder, "buildah-store");
  }

  private rpmPath(name: string): string {
    return join(this.provider.folder, `${name}.rpm`);
  }

  /** Working folders of builds that have ended. */
  private async leftovers(): Promise<string[]> {
    return (await readdir(this.provider.folder)).filter((name) => name.startsWith("immutable-os-"));
  }
}

const wantsPassword: TestRegistry["handler"] = ({ headers }, response) => {
  if (headers.authorization === basicOf(username, password)) return false;
  const challenge = { "www-authenticate": 'Basic realm="Registry Realm"' };
  refuse(response, 401, "UNAUTHORIZED", "authentication required", challenge);
  return true;
};

/** The trio that takes the place of the recorded base's. */
const kernel = ["kernel", "kernel-core", "kernel-modules"].map((name) => {
  const provides = { [`${name}-uname-r`]: kernelRelease };
  return { name, file: rpm({ name, version: "6.12.107", release: "1", provides }) };
});
