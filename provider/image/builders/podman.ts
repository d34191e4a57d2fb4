import { quote } from "../../core/quote";
import { loginOptions, platformOption, type Builder } from "./builder";

export const podman: Builder = {
  tool: "podman",

  /** podman asks the registry even for a digest that it has. */
  pull(reference, login, platform) {
    const image = quote(reference);
    const options = [...loginOptions(login), ...platformOption(platform)];
    return `podman image inspect --format '{{.Id}}' ${image} 2>/dev/null || podman pull ${options.join(" ")} ${quote(`docker://${reference}`)}`;
  },

  inspect: (name) => `podman image inspect ${quote(name)}`,

  parseInspect(output) {
    const [image] = JSON.parse(output) as Inspected[];
    if (image === undefined) throw new Error("podman inspected nothing");
    return { id: image.Id, architecture: image.Architecture, labels: image.Labels ?? {} };
  },

  // Those of a build are "external" ones, which only a forced removal takes.
  containerNames: "podman ps --all --external --format '{{.Names}}'",
  forceRemove: "--force",
};

interface Inspected {
  Id: string;
  Architecture: string;
  Labels?: Record<string, string> | null;
}
