import { z } from "zod";
import { absolutePath, text } from "../host/schema-values";

/** The single values that only a NixOS machine has. Every message goes on after the property's path. */
export const storePath = z
  .string()
  .regex(
    /^\/nix\/store\/[0-9a-z]{32}-[^/\s]+(?<!\.drv)$/,
    "must be a built store path, such as /nix/store/<hash>-nixos-system-web-25.05",
  );

export const flakeReference = z
  .string()
  .regex(/^[^#\s]+#[^#\s]+$/, 'must be "<flake reference>#<configuration>", such as "./machines#web"');

export const flakeOutput = z
  .string()
  .regex(
    /^[^#\s]+#[^#\s]+$/,
    'must be "<flake reference>#<output>", such as "github:nix-community/nixos-images/<revision>#kexec-installer-nixos-stable-noninteractive"',
  );

const notOnDisk = /^\/(nix\/store|proc|sys|dev|run)(\/|$)/;
export const targetPath = absolutePath.refine(
  (path) => !notOnDisk.test(path),
  "must not lie in /nix/store, /proc, /sys, /dev or /run: no file can be put there to stay",
);

/** Another spelling of the same path would be another disk to every comparison. */
export const device = z
  .string()
  .regex(/^\/dev\/.+/, "must be a path below /dev, such as /dev/disk/by-id/…")
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$)).*[^/]$/,
    "must be a path without //, /./ and /../, and without / at its end",
  );

const wholeBytes = "must be a whole number of bytes above 0";
export const sizeBytes = z.number().positive(wholeBytes).int(wholeBytes);

export const owner = z
  .string()
  .regex(
    /^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$/,
    'must be "user", "user:group" or numbers such as "1000:100"',
  );

export const nixOption = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "must be a setting of nix.conf, such as max-jobs");

export const builderLine = text.regex(
  /^[^\n;]+$/,
  "must be a single builder, as one line of nix.conf's builders: give each its own item",
);
