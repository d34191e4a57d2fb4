import * as pulumi from "@pulumi/pulumi";
import { NixosHost } from "pulumi-immutable-os";

const config = new pulumi.Config();

const web = new NixosHost("web", {
  machine: "web",

  // The way into the installed system, and, with another user, into the one that runs there now.
  connection: {
    host: config.require("host"),
    port: config.getNumber("port") ?? 22,
    privateKeyPath: config.require("privateKeyPath"),
    // The machine's public key, or "accept-new": the first key seen is pinned in the state.
    hostKey: config.get("hostKey") ?? "accept-new",
  },

  install: {
    connection: { user: config.get("oldUser") ?? "root" },
    kexec: {
      path: config.get("kexecPath"),
      url: config.get("kexecUrl"),
      sha256: config.get("kexecSha256"),
    },
    disks: [{ device: config.require("disk"), serial: config.get("diskSerial") }],
    // Only with these disks named, by path or serial, is a machine that runs already wiped.
    allowReinstall: config.getObject<string[]>("allowReinstall"),
  },

  // A configuration of a flake; another one, or a change in it, is an update.
  system: { flake: config.require("flake") },
});

export const kernel = web.booted.kernelRelease;
export const toplevel = web.current.toplevel;
