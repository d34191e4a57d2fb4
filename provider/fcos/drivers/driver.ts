import type { DriverName } from "../types";
import { bootc } from "./bootc";
import { rpmOstree } from "./rpm-ostree";
import type { Driver } from "./tool";

export type { Driver };

export function driverNamed(name: DriverName): Driver {
  return name === "bootc" ? bootc : rpmOstree;
}
