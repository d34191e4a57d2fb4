import { runtime } from "@pulumi/pulumi";
import type { Inputs } from "../../../provider/runtime/inputs";

/** Random values that are the same for the same seed. */
export class RandomTrees {
  constructor(
    private state: number,
    /** Strings that turn up among the leaves. */
    private readonly planted: readonly string[],
  ) {}

  tree(depth = 4): unknown {
    const kind = this.below(depth > 0 ? 3 : 1);
    if (kind === 0) return this.leaf();
    if (kind === 1) return Array.from({ length: this.below(4) }, () => this.tree(depth - 1));
    return this.object(depth - 1);
  }

  object(depth = 4): Inputs {
    const entries = Array.from({ length: this.below(7) }, () => [this.key(), this.tree(depth)] as const);
    return Object.fromEntries(entries);
  }

  /** A good tree in which a few places are not good any more. */
  mutation(good: Inputs): Inputs {
    const copy = structuredClone(good);
    for (let count = 1 + this.below(3); count > 0; count--) {
      const { parent, key } = this.somePlace(copy);
      const change = this.below(4);
      if (change === 0) parent[key] = this.tree(2);
      else if (change === 1) delete parent[key];
      else if (Array.isArray(parent)) parent.push(this.tree(1));
      else if (change === 2) parent[this.key()] = this.tree(1);
      else parent[misspelt(key, this.below(key.length + 1))] = parent[key];
    }
    return copy;
  }

  private somePlace(tree: Inputs): { parent: Inputs; key: string } {
    let parent = tree;
    for (;;) {
      const key = this.oneOf(Object.keys(parent)) ?? "";
      const inner = parent[key];
      const isLast = typeof inner !== "object" || inner === null || Object.keys(inner).length === 0;
      if (isLast || this.below(4) === 0) return { parent, key };
      parent = inner as Inputs;
    }
  }

  private leaf(): unknown {
    const numbers = [0, -1, 22, 1.5, 65536, 1e300, NaN, Infinity, Number.MIN_VALUE];
    const texts = ["", " ", "x", "~", "/", "/dev/sda", "\0", "\n", "✓".repeat(50), "x".repeat(5000)];
    const leaves = [...numbers, ...texts, ...this.planted, null, true, false, runtime.unknownValue];
    return this.oneOf(leaves);
  }

  private key(): string {
    return this.oneOf(keys) ?? "";
  }

  private oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }

  /** A generator by multiplication and shifts: small, and good enough for choosing. */
  private below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
}

function misspelt(key: string, at: number): string {
  return `${key.slice(0, at)}${key.slice(at + 1)}`;
}

const keys = [
  ...[
    "machine",
    "connection",
    "install",
    "system",
    "nix",
    "adopt",
    "layout",
    "booted",
    "current",
    "bootDefault",
  ],
  ...[
    "host",
    "user",
    "port",
    "privateKey",
    "privateKeyPath",
    "passphrase",
    "agent",
    "hostKey",
    "sudoPassword",
  ],
  ...[
    "jumpHost",
    "deadlines",
    "phases",
    "kexec",
    "disks",
    "device",
    "serial",
    "extraFiles",
    "content",
    "source",
  ],
  ...["image", "transport", "registry", "healthChecks", "http", "kernelArguments", "unchangedEtc"],
  ...["sshHostKeys", "rsa", "flake", "toplevel", "options", "__provider", "__needs", "0", "-1"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "length",
    "",
    " ",
    "a.b",
    "/etc/a",
    "x".repeat(5000),
  ],
];
