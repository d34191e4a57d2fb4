import type { Inputs } from "../../../provider/runtime/inputs";
import { hostKey } from "../support/builders";
import { fcosInputsOf } from "../support/fcos-builders";
import type { Files } from "./bad-input/files";
import { authority } from "./every-good-image";

/** Good inputs which together write every field: what excludes each other stands in different ones. */
export function everyGoodFcosHost(files: Files): Inputs[] {
  const good = fcosInputsOf() as Inputs;
  const jumpHost = { host: "192.0.2.1", user: "hop", port: 2222, hostKey };
  const byPath = { user: "ops", port: 2222, hostKey, privateKeyPath: files.key, passphrase: "open sesame" };
  const given = { user: "ops", hostKey: [hostKey], privateKey: files.ed25519, sudoPassword: "hunter22" };
  const tries = { retries: 0, intervalSeconds: 0.5, deadlineSeconds: 3 };
  return [
    {
      ...good,
      connection: {
        host: "h",
        ...byPath,
        sudoPassword: "hunter22",
        jumpHost: { ...jumpHost, ...byPath },
        deadlines: { connectSeconds: 5, bootSeconds: 60, phaseSeconds: 60 },
      },
      driver: "rpm-ostree",
      transport: "remote-registry",
      remote: "fedora",
      registry: { username: "u", password: "hunter11", certificateAuthority: authority },
      reboot: "now",
      rollback: { automatic: false, guard: false },
      healthChecks: { web: { http: { url: "http://127.0.0.1/", status: 204 }, ...tries } },
      updateDriver: "mask",
      kernelArguments: { present: ["quiet", "mitigations=auto,nosmt"], absent: ["debug"] },
      unchangedEtc: ["/etc/ssh/sshd_config", "/etc/chrony.d"],
      adopt: true,
      probeInPreview: false,
    },
    {
      ...good,
      connection: {
        host: "h",
        ...given,
        jumpHost: { ...jumpHost, hostKey: [hostKey], privateKey: files.ed25519 },
      },
      driver: "bootc",
      transport: "image-signed",
      reboot: "manual",
      healthChecks: { port: { tcp: { port: 80, host: "::1" } } },
      updateDriver: "fail",
    },
    {
      ...good,
      connection: { host: "h", hostKey, agent: false, jumpHost: { ...jumpHost, agent: false } },
      healthChecks: { command: { command: "test -e /run/ready" } },
    },
    { ...good, healthChecks: { unit: { unit: "nginx.service" } } },
  ];
}
