import { readFileSync } from "node:fs";
import { NixosHost, type NixosHostArgs } from "pulumi-immutable-os";

/** One host, declared by the file next to this program: a test writes there what a user would write here. */
const web = new NixosHost("web", JSON.parse(readFileSync("host.json", "utf8")) as NixosHostArgs);

export const kernel = web.booted.kernelRelease;
