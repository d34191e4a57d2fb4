// Certificates of an authority that lives as long as the test: openssl makes them, for Node cannot.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  key: string;
  cert: string;
}

export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), "authority-"));

  constructor(name = "test authority") {
    this.openssl(...newKey("ca"), "-x509", "-days", "2", "-subj", `/CN=${name}`, "-out", "ca.crt");
  }

  /** PEM text that a client must trust. */
  get pem(): string {
    return this.read("ca.crt");
  }

  /** A server's certificate that nobody else signed. */
  get own(): Certificate {
    return { key: this.read("ca.key"), cert: this.pem };
  }

  certificate(names = "IP:127.0.0.1", days = "2"): Certificate {
    this.openssl(
      ...newKey("server"),
      "-subj",
      "/CN=server",
      "-addext",
      `subjectAltName=${names}`,
      "-out",
      "server.csr",
    );
    this.openssl(
      ..."x509 -req -CA ca.crt -CAkey ca.key -copy_extensions copy -in server.csr -out server.crt".split(" "),
      "-days",
      days,
    );
    return { key: this.read("server.key"), cert: this.read("server.crt") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  private openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.folder, stdio: "pipe" });
  }
}

function newKey(name: string): string[] {
  return `req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${name}.key`.split(" ");
}
