import { HostError } from "../core/errors";
import type { CommandResult } from "../core/shell";
import type { BuildMachine } from "./build-machine";
import { buildCommand, type BuildPlace, type InspectedImage } from "./builders/builder";
import { writeFile } from "./working-folder";

const lookSeconds = 900;
const target = "/run/pulumi-immutable-os-look";

/**
 * What a script prints inside of an image. It runs as a step of a build of which nothing is kept: so it meets the
 * conditions that all other steps meet, with every tool and in every isolation that can build at all.
 */
export function lookInto(
  machine: BuildMachine,
  image: string,
  script: string,
  place: BuildPlace,
): Promise<CommandResult> {
  const name = machine.names.look;
  const recipe = `FROM ${image}\nRUN --mount=type=bind,source=script,target=${target} /bin/sh ${target}\n`;
  const request = { ...place, from: image, name, containerfile: "look/Containerfile", context: "look" };
  const lines = [
    writeFile("look/Containerfile", recipe),
    writeFile("look/script", script),
    buildCommand(machine.builder, request),
    "code=$?",
    `${machine.builder.tool} rmi ${name} >/dev/null 2>&1`,
    "exit $code",
  ];
  return machine.run(lines.join("\n"), { deadlineSeconds: lookSeconds });
}

/** What the tool itself says of an image. */
export async function inspectedImage(machine: BuildMachine, name: string): Promise<InspectedImage> {
  const { builder } = machine;
  const { exitCode, stdout, stderr } = await machine.run(builder.inspect(name), { deadlineSeconds: 60 });
  if (exitCode === 0) return builder.parseInspect(stdout);
  throw new HostError("build-failed", {
    what: `${builder.tool} does not know the image ${name} that it has just made`,
    seen: stderr.trim() || `exit code ${exitCode}`,
  });
}
