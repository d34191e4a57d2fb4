import * as pulumi from "@pulumi/pulumi";
import { FcosHost, FcosLayeredImage, type HealthCheckArgs, type RpmArgs } from "pulumi-immutable-os";

const config = new pulumi.Config();

const login = {
  username: config.get("username"),
  password: config.getSecret("password"),
  certificateAuthority: config.get("certificateAuthority"),
};

// The image: Fedora CoreOS with another kernel.
const image = new FcosLayeredImage("worker", {
  base: { reference: config.require("base"), ...login },
  kernel: { rpms: config.requireObject<RpmArgs[]>("rpms") },
  registry: { repository: config.require("repository"), ...login },
});

// The machine that runs it: rebased by digest, rebooted, and confirmed by its own kernel and health.
const worker = new FcosHost("worker", {
  machine: config.get("machine") ?? "worker",

  connection: {
    host: config.require("host"),
    port: config.getNumber("port") ?? 22,
    privateKeyPath: config.require("privateKeyPath"),
    // The machine's public key, or "accept-new": the first key seen is pinned in the state.
    hostKey: config.get("hostKey") ?? "accept-new",
    deadlines: { bootSeconds: config.getNumber("bootSeconds") },
  },

  // Rolling back is declaring an earlier image: what is still on the machine's disk is not downloaded again.
  image: config.get("earlierImage") ?? image,

  // The machine holds this login only while it pulls.
  registry: login,

  // Where one of these fails after the reboot, the machine goes back by itself, and `up` fails.
  healthChecks: {
    ssh: { unit: "sshd.service" },
    ...config.getObject<Record<string, HealthCheckArgs>>("healthChecks"),
  },
});

export const kernel = worker.booted.kernelRelease;
export const digest = worker.booted.digest;
