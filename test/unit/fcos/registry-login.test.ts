import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  placeLogin,
  removeEarlierLogin,
  removeLogin,
  withLogin,
  type RegistryLogin,
} from "../../../provider/fcos/registry-login";
import { until } from "../support/until";
import { hostSh, type HostSh } from "./host-sh";

jest.setTimeout(60_000);
let host: HostSh;
const boot = "proc/sys/kernel/random/boot_id";
beforeEach(() => {
  host = hostSh();
  host.file(boot, "boot-1\n");
});
afterEach(() => host.remove());

const registry = "registry.example.org:5000";
const auth = "/run/ostree/auth.json";
const authority = `/etc/containers/certs.d/${registry}/ca.crt`;
const placed = "/run/pulumi-immutable-os/registry-login";
const password = `p'w"$HOME %s\\n\`id\``;
const login: RegistryLogin = {
  registry,
  username: "robot",
  password,
  certificateAuthority: "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n",
};
const authFile = {
  auths: { [registry]: { auth: Buffer.from(`robot:${password}`).toString("base64") } },
};

const at = (path: string): string => join(host.root, path);
const read = (path: string): string => readFileSync(at(path), "utf8");
const mode = (path: string): string => (statSync(at(path)).mode & 0o777).toString(8);
const somebodys = (path: string, content: string): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content, { mode: 0o640 });
};

function place(wanted = login): void {
  expect(host.run(placeLogin(wanted))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
}

/** What a pull sees, and what is there afterwards. */
function pull(end = "true") {
  const look = `for f in ${auth} ${authority}; do stat -c '%a' $f; cat $f; done; ${end}`;
  return host.run(withLogin(registry, look));
}

function expectNothingLeft(): void {
  expect(existsSync(at(placed))).toBe(false);
  expect(host.run("find /run /etc -name '*.before' -o -name '*.ours' -o -name '*.lent'").stdout).toBe("");
}

describe("a login for a pull", () => {
  test("is there while it runs, and only then", () => {
    place();
    expect([mode(placed), mode(`${placed}/auth.json`)]).toEqual(["700", "600"]);
    expect(existsSync(at(auth))).toBe(false);
    const { exitCode, stdout } = pull();
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`600\n${JSON.stringify(authFile)}644\n${login.certificateAuthority ?? ""}`);
    expect([existsSync(at(auth)), existsSync(at(dirname(authority)))]).toEqual([false, false]);
    expectNothingLeft();
  });

  test("never stands in the job's script, which stays in a file", () => {
    const script = withLogin(registry, "rpm-ostree rebase x");
    for (const secret of [password, Buffer.from(`robot:${password}`).toString("base64")]) {
      expect(script).not.toContain(secret);
    }
  });

  test.each(["exit 7", "sh -c 'exit 7'", "kill -s TERM $$; sleep 1"])("is taken back after %s", (end) => {
    place();
    expect(pull(end).exitCode).toBe(end.includes("TERM") ? 143 : 7);
    expect([existsSync(at(auth)), existsSync(at(authority))]).toEqual([false, false]);
    expectNothingLeft();
  });

  test("leaves what somebody has there as it was", () => {
    somebodys(auth, "theirs");
    somebodys(authority, "their authority");
    place();
    expect(pull("false").exitCode).toBe(1);
    expect([read(auth), mode(auth), read(authority), mode(authority)]).toEqual([
      "theirs",
      "640",
      "their authority",
      "640",
    ]);
    expectNothingLeft();
  });

  test("leaves an authority alone that is there already", () => {
    somebodys(authority, login.certificateAuthority ?? "");
    place();
    expect(pull().stdout).toContain(`640\n${login.certificateAuthority ?? ""}`);
    expect([read(authority), mode(authority)]).toEqual([login.certificateAuthority, "640"]);
    expectNothingLeft();
  });

  async function killPull(): Promise<void> {
    place();
    const script = host.moved(withLogin(registry, `cat ${auth} > ${host.root}/seen; exec sleep 60`));
    const shell = spawn("sh", ["-c", `(${script}\n) </dev/null`], { env: host.env, detached: true });
    await until("the pull at work", () => existsSync(at("seen")));
    process.kill(-(shell.pid ?? 0), "SIGKILL");
    await once(shell, "close");
    expect(read(authority)).toBe(login.certificateAuthority);
  }

  test.each([undefined, "their authority"])(
    "that a power cut left is taken back in the next boot, and not before: %j",
    async (theirs) => {
      if (theirs !== undefined) somebodys(authority, theirs);
      await killPull();
      expect(host.run(removeEarlierLogin(registry))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(read(authority)).toBe(login.certificateAuthority);
      host.run("rm -r /run");
      host.file(boot, "boot-2\n");
      expect(host.run(removeEarlierLogin(registry))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(existsSync(at(authority)) ? read(authority) : undefined).toBe(theirs);
      expect(existsSync(at(dirname(authority)))).toBe(theirs !== undefined);
      host.file("run/x", "");
      expectNothingLeft();
    },
  );

  // Every moment of lending and of taking back, as a power cut leaves it on the disk.
  test.each([
    [
      "ours beside it, and the mark",
      { "ca.crt": "theirs", "ca.crt.ours": "ours", "ca.crt.lent": "boot-1\n" },
    ],
    ["theirs aside", { "ca.crt.before": "theirs", "ca.crt.ours": "ours", "ca.crt.lent": "boot-1\n" }],
    ["ours in its place", { "ca.crt": "ours", "ca.crt.before": "theirs", "ca.crt.lent": "boot-1\n" }],
    ["the mark gone", { "ca.crt": "ours", "ca.crt.before": "theirs" }],
  ])("a power cut with %s keeps what is somebody's", (_, files) => {
    host.file(boot, "boot-2\n");
    for (const [name, content] of Object.entries(files)) somebodys(`${dirname(authority)}/${name}`, content);
    expect(host.run(removeEarlierLogin(registry)).exitCode).toBe(0);
    expect(read(authority)).toBe("theirs");
    host.file("run/x", "");
    expectNothingLeft();
  });

  test("of nobody's is nothing to take back", () => {
    somebodys(authority, "theirs");
    expect(host.run(removeEarlierLogin(registry))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(read(authority)).toBe("theirs");
  });

  test.each(["place", "remove"])(
    "that a killed pull left is taken back by the next step: %s",
    async (step) => {
      somebodys(authority, "their authority");
      await killPull();
      if (step === "place") place();
      else expect(host.run(removeLogin(registry)).exitCode).toBe(0);
      expect([existsSync(at(auth)), read(authority)]).toEqual([false, "their authority"]);
      expect(existsSync(at(placed))).toBe(step === "place");
    },
  );

  test("may be one half of it", () => {
    place({ registry, certificateAuthority: "only this" });
    expect(host.run(withLogin(registry, `[ ! -e ${auth} ] && cat ${authority}`)).stdout).toBe("only this");
    place({ registry, username: "robot", password });
    expect(host.run(withLogin(registry, `[ ! -e ${authority} ] && cat ${auth}`)).stdout).toBe(
      JSON.stringify(authFile),
    );
    expectNothingLeft();
  });

  test("that cannot be put there ends the pull before it begins", () => {
    place();
    mkdirSync(at("/run/ostree"), { recursive: true });
    writeFileSync(at("/etc"), "a file where the folder should be");
    const { exitCode, stdout } = host.run(withLogin(registry, "echo pulled"));
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe("");
  });

  test("that was never used is removed, as often as one likes", () => {
    place();
    expect(host.run(removeLogin(registry)).exitCode).toBe(0);
    expect(host.run(removeLogin(registry)).exitCode).toBe(0);
    expectNothingLeft();
  });
});
