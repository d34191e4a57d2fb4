import { quote } from "../../core/quote";
import { loginOptions, platformOption, type Builder } from "./builder";

export const buildah: Builder = {
  tool: "buildah",

  pull(reference, login, platform) {
    const options = ["--policy=missing", ...loginOptions(login), ...platformOption(platform)];
    return `buildah pull ${options.join(" ")} ${quote(`docker://${reference}`)}`;
  },

  inspect: (name) => `buildah inspect --type=image ${quote(name)}`,

  parseInspect(output) {
    const { FromImageID, OCIv1 } = JSON.parse(output) as Inspected;
    return { id: FromImageID, architecture: OCIv1.architecture, labels: OCIv1.config?.Labels ?? {} };
  },

  containerNames: "buildah containers --noheading --format '{{.ContainerName}}'",
  forceRemove: "",
};

interface Inspected {
  FromImageID: string;
  OCIv1: { architecture: string; config?: { Labels?: Record<string, string> | null } };
}
