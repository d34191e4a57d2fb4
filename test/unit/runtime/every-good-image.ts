import type { Inputs } from "../../../provider/runtime/inputs";
import { hostKey } from "../support/builders";
import { imageInputsOf, rpmHash } from "../support/image-builders";
import type { Files } from "./bad-input/files";

/** Made once by openssl, for tests: nothing trusts it. */
export const authority = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUQAUc6BZXy5gxSK4Hvk2/YZ4iKL4wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdC1hdXRob3JpdHkwIBcNMjYxMTIyMTA1NzAyWhgPMjEy
NjEwMjkxMDU3MDJaMBkxFzAVBgNVBAMMDnRlc3QtYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEd8TwYd0r5ju5Xhnq2HpISlCtxt5tG2N8IG66dSE5
V0EF3+Xpxb4FKx2H+6yYtCKgQbL/gUPsqzrz7kgtcXWH2KNTMFEwHQYDVR0OBBYE
FJ0JZu21975kHt6BIN0jEld3PsPVMB8GA1UdIwQYMBaAFJ0JZu21975kHt6BIN0j
Eld3PsPVMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAN5nrYLO
pwJkEDVm9HLa6v7YPjJS7MKx0qtTtUEaIa1MAiA0R5pEHUIMjOt0mBR9mEokudUg
P4SyIEFco9Wqui8ObQ==
-----END CERTIFICATE-----
`;

/** Not one: the lines around a key, and nothing that could be read as one. */
const cosignKey = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
bm8ga2V5LCBvbmx5IHRoZSBsaW5lcyBhcm91bmQgaXQ=
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`;

/** Good inputs which together write every field: what excludes each other stands in different ones. */
export function everyGoodImage(files: Files): Inputs[] {
  const good = imageInputsOf() as Inputs;
  const base = good["base"] as Inputs;
  const login = { username: "u", certificateAuthority: authority };
  const jumpHost = { host: "192.0.2.1", user: "hop", port: 2222, hostKey };
  const byPath = { user: "ops", port: 2222, hostKey, privateKeyPath: files.key, passphrase: "open sesame" };
  const given = { user: "ops", hostKey: [hostKey], privateKey: files.ed25519, sudoPassword: "hunter22" };
  return [
    {
      ...good,
      base: { ...base, ...login, password: "hunter11" },
      kernel: {
        rpms: [{ url: "https://example.org/k.rpm", sha256: rpmHash }],
        remove: ["kernel-core"],
        release: "6.12.94-200.fc42.x86_64",
      },
      packages: { add: ["tmux"], remove: ["nano"] },
      files: { "/etc/motd": { content: "hello there", mode: "0644" } },
      run: ["systemctl enable podman.socket"],
      dracut: {
        addModules: ["lvm"],
        omitModules: ["plymouth"],
        addDrivers: ["nvme"],
        extraArguments: ["--zstd"],
        timeoutSeconds: 600,
      },
      registry: { repository: "r.example/fcos/web", tags: ["live"], ...login, password: "hunter33" },
      builder: { tool: "podman", connection: { host: "b", ...byPath, jumpHost: { ...jumpHost, ...byPath } } },
      sign: { privateKey: cosignKey, password: "hunter44" },
      platform: "linux/amd64",
      labels: { "org.example.team": "web" },
      allowRebuild: true,
      deleteOnDestroy: true,
      deadlines: { buildSeconds: 60, pushSeconds: 60 },
    },
    {
      ...good,
      kernel: { rpms: [{ path: files.bundle, sha256: rpmHash }] },
      files: { "/etc/motd": { source: files.bundle } },
      __fileHashes: { "/etc/motd": rpmHash },
      sign: { privateKeyPath: files.bundle },
      builder: {
        connection: {
          host: "b",
          ...given,
          jumpHost: { ...jumpHost, hostKey: [hostKey], privateKey: files.ed25519 },
        },
      },
    },
    {
      ...good,
      builder: { connection: { host: "b", hostKey, agent: false, jumpHost: { ...jumpHost, agent: false } } },
    },
  ];
}
