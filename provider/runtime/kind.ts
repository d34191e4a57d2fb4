import type { z } from "zod";
import type { InputRule } from "../core/input-rule";
import type { Inputs, Path } from "./inputs";
import type { KeyProblem } from "./local-keys";

/** One question about the machine where Pulumi runs. */
export interface Look {
  path: Path;
  /** What the answer depends on. */
  reads: readonly Path[];
  problem: (value: unknown) => Promise<string | KeyProblem | undefined>;
}

/** All that checking inputs, hiding secrets and keeping a state must know of one kind of resource. */
export interface Kind<Checked = unknown> {
  /** What a program can write. */
  declaredShape: Readonly<Record<string, z.ZodType>>;
  /** The shape of checked inputs: what a program can write, and what the constructor adds. */
  schema: z.ZodObject & z.ZodType<Checked>;
  rules: readonly InputRule<Checked>[];
  /** What only a resource that is not there yet needs. */
  rulesForNew: readonly InputRule<Checked>[];
  /** Where a secret may stand; `*` is any key. */
  secretPaths: readonly string[];
  /** Where a registry's login stands: its password is a secret, and so is what registries are told of both. */
  registryLogins?: readonly string[];
  /** What a program writes in another place than that in which the inputs have it. */
  writtenAs?: ReadonlyMap<string, string>;
  /** What can be seen on the machine where Pulumi runs. */
  looksAt(news: Inputs): Look[];
  /** Of a kind whose constructor finds something out: the input in which it says what it could not. */
  told?: {
    key: string;
    /** That, with its property. */
    inWords(message: string, news: Inputs): string;
  };
}

/** For the part of a kind that some function needs, without the type of its checked inputs. */
export type KindOf<Key extends keyof Kind> = Pick<Kind, Key>;

/** All that a secret is known by. */
export type Secretive = KindOf<"secretPaths" | "registryLogins">;
