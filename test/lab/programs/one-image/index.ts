import { readFileSync } from "node:fs";
import { FcosLayeredImage, type FcosLayeredImageArgs } from "pulumi-immutable-os";

/** One image, declared by the file next to this program: a test writes there what a user would write here. */
const image = new FcosLayeredImage(
  "image",
  JSON.parse(readFileSync("image.json", "utf8")) as FcosLayeredImageArgs,
);

export const reference = image.reference;
