import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FcosLayeredImageArgs, RegistryArgs } from "../../../provider/resources/fcos-layered-image-args";
import { PulumiStack, type PulumiRun } from "../pulumi-stack";
import type { FcosLab } from "./index";

/** Where the lab's refused images would go. */
export const oneImageRepository = "fcos/one-image";

type PlainArgs = Omit<FcosLayeredImageArgs, "registry"> & { registry: RegistryArgs };

/** The program of one image, declared anew for each attempt. */
export class OneImage {
  private constructor(
    private readonly lab: FcosLab,
    readonly stack: PulumiStack,
  ) {}

  static async create(lab: FcosLab): Promise<OneImage> {
    return new OneImage(lab, await PulumiStack.create("one-image", {}, "test/lab/programs", lab.environment));
  }

  /** Arguments of an image that is fine, to be spoilt. */
  good(): PlainArgs {
    const { lab } = this;
    return {
      base: this.base(`@${lab.bases.good}`),
      kernel: { rpms: lab.kernels.new.rpms },
      registry: { repository: `${lab.registry.address}/${oneImageRepository}`, ...this.login() },
    };
  }

  /** Another of the lab's base images, by what follows their repository's name. */
  base(tagOrDigest: string): FcosLayeredImageArgs["base"] {
    return { reference: this.lab.baseRepository + tagOrDigest, ...this.login() };
  }

  async run(command: "preview" | "up", args: PlainArgs): Promise<PulumiRun> {
    await writeFile(join(this.stack.program, "image.json"), JSON.stringify(args));
    return this.stack.pulumi(command === "up" ? ["up", "--yes", "--skip-preview"] : ["preview", "--diff"]);
  }

  private login() {
    const { username, password, certificateAuthority } = this.lab.registry;
    return { username, password, certificateAuthority };
  }
}

/** A step that puts a program in the place of another one, which it finds as `<path>.real`. */
export function inPlaceOf(path: string, ...lines: string[]): string {
  const program = ["#!/bin/sh", "# A stand-in, to spoil an image.", ...lines].join("\n");
  return `mv ${path} ${path}.real\ncat > ${path} <<'END'\n${program}\nEND\nchmod 0755 ${path}`;
}
