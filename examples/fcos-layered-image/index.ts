import * as pulumi from "@pulumi/pulumi";
import { FcosLayeredImage, type ImageFileArgs, type RpmArgs } from "pulumi-immutable-os";

const config = new pulumi.Config();

// The same login for both here; without one, what `podman login` left on this machine is used.
const login = {
  username: config.get("username"),
  password: config.getSecret("password"),
  certificateAuthority: config.get("certificateAuthority"),
};

const image = new FcosLayeredImage("worker", {
  // A tag is asked of the registry in every preview; where it has moved, the preview shows it.
  base: { reference: config.require("base"), ...login },

  // All packages of one kernel. Its release is read from their headers, and is never typed.
  kernel: {
    rpms: config.requireObject<RpmArgs[]>("rpms"),
    // The base's packages of a kernel whose names are not those of the new one's.
    remove: config.getObject<string[]>("remove"),
  },

  // In the image and, where dracut looks for it, in the initramfs.
  files: config.getObject<Record<string, ImageFileArgs>>("files"),

  registry: {
    repository: config.require("repository"),
    tags: config.getObject<string[]>("tags"),
    ...login,
  },

  builder: { tool: config.get<"buildah" | "podman">("builder") },

  // Consent to another digest, should the registry have lost this one.
  allowRebuild: config.getBoolean("allowRebuild"),
});

/** By digest: what machines are moved to, once every inspection of the image is passed. */
export const reference = image.reference;
export const kernelRelease = image.kernelRelease;
