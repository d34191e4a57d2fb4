import { refused } from "./document-rules";

/** An Ignition document of specification 3, as far as it is looked into. */
export interface IgnitionConfig {
  ignition: { version: string } & Record<string, unknown>;
  storage?: Record<string, unknown>;
  systemd?: Record<string, unknown>;
  [part: string]: unknown;
}

/** From an object, or from JSON text as Butane writes it. */
export function readDocument(given: unknown): IgnitionConfig {
  const document = typeof given === "string" ? parsed(given) : given;
  if (!isObject(document) || !isObject(document["ignition"]))
    throw refused(
      "merge",
      "must be an Ignition document, as an object or as JSON text: a Butane file goes through butane first",
    );
  const { version, config } = document["ignition"];
  if (typeof version !== "string" || !/^3\.\d+\.\d+$/.test(version))
    throw refused(
      "merge.ignition.version",
      "must be a version of specification 3, such as 3.4.0",
      JSON.stringify(version),
    );
  if (isObject(config) && config["replace"] !== undefined)
    throw refused(
      "merge.ignition.config.replace",
      "must not be given: it would replace the unit that moves the machine",
    );
  for (const part of ["storage", "systemd"])
    if (document[part] !== undefined && !isObject(document[part]))
      throw refused(`merge.${part}`, "must be an object");
  return document as IgnitionConfig;
}

export function listAt(
  document: IgnitionConfig,
  part: "storage" | "systemd",
  list: string,
): Record<string, unknown>[] {
  const found = document[part]?.[list] ?? [];
  if (Array.isArray(found) && found.every(isObject)) return found;
  throw refused(`merge.${part}.${list}`, "must be a list of objects");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
