import { homedir } from "node:os";
import { HostError } from "../core/errors";

/** What goes wrong with a file of the machine where Pulumi runs names the input that asked for it. */
export async function reading<T>(property: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw badInput(
      `${property}.source: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}`,
      "correct the path, or let the user who runs Pulumi read it",
    );
  }
}

export function expandHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}

export function badInput(what: string, next: string): HostError {
  return new HostError("bad-input", { what, next });
}
