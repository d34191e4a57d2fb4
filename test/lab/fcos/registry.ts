import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../machine";
import { quote, sh, waitFor } from "../shell";
import {
  registryRequest,
  type RegistryAccess,
  type RegistryAnswer,
  type RegistryRequest,
} from "./registry-request";

/** A registry on 127.0.0.1 with a password and a certificate that only its own authority vouches for. */
export class LabRegistry implements RegistryAccess {
  readonly username = "lab";
  readonly password = "not a secret: lab";
  private process?: ChildProcess;

  private constructor(
    private readonly dir: string,
    readonly address: string,
    /** PEM. */
    readonly certificateAuthority: string,
  ) {}

  static async start(dir: string): Promise<LabRegistry> {
    await mkdir(join(dir, "certificates"), { recursive: true });
    await makeCertificate(dir);
    const authority = await readFile(join(dir, "certificates/ca.crt"), "utf8");
    const registry = new LabRegistry(dir, `127.0.0.1:${await freePort()}`, authority);
    await registry.configure();
    await registry.switchOn();
    return registry;
  }

  /** For `--authfile`. */
  get authFile(): string {
    return join(this.dir, "auth.json");
  }

  /** For `--cert-dir`. */
  get certificates(): string {
    return join(this.dir, "certificates");
  }

  async switchOn(): Promise<void> {
    const { REGISTRY_AUTH_FILE: _, ...environment } = process.env; // it would take it for a setting of its own
    const log = openSync(join(this.dir, "registry.log"), "a");
    this.process = spawn(
      "setpriv",
      ["--pdeathsig", "KILL", "docker-registry", "serve", join(this.dir, "config.yml")],
      { detached: true, env: environment, stdio: ["ignore", log, log] },
    );
    closeSync(log);
    await waitFor("the registry's answer", 20, async () => {
      if (this.process?.exitCode !== null)
        throw new Error(await readFile(join(this.dir, "registry.log"), "utf8"));
      return this.request({ path: "/v2/" }).then(
        ({ status }) => (status === 200 ? true : undefined),
        () => undefined,
      );
    });
  }

  async switchOff(): Promise<void> {
    if (this.process === undefined || this.process.exitCode !== null || this.process.signalCode !== null)
      return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }

  request(request: RegistryRequest): Promise<RegistryAnswer> {
    return registryRequest(this, request);
  }

  private async configure(): Promise<void> {
    const { dir, address, username, password } = this;
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    await writeFile(this.authFile, JSON.stringify({ auths: { [address]: { auth } } }), { mode: 0o600 });
    await sh(`htpasswd -iBn -C 5 ${quote(username)} > htpasswd`, { cwd: dir, input: password });
    const settings = {
      version: "0.1",
      log: { level: "warn" },
      storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: true } },
      http: {
        addr: address,
        tls: { certificate: join(dir, "certificates/ca.crt"), key: join(dir, "registry.key") },
      },
      auth: { htpasswd: { realm: "lab", path: join(dir, "htpasswd") } },
    };
    await writeFile(join(dir, "config.yml"), JSON.stringify(settings)); // which is YAML, too
  }
}

/** 10.0.2.2 is how a virtual machine sees this one. */
async function makeCertificate(dir: string): Promise<void> {
  await sh(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab-registry \
      -addext subjectAltName=IP:127.0.0.1,IP:10.0.2.2 -keyout registry.key -out certificates/ca.crt`,
    { cwd: dir },
  );
}
