import type { Evidence, Wanted } from "../../../provider/image/evidence";
import type { InitramfsListing, InitramfsLook } from "../../../provider/image/image-look";
import { runInspections } from "../../../provider/image/inspections";
import type { BaseFacts, ImageConfig, InspectionResult } from "../../../provider/image/types";
import { baseFacts, config, evidenceOf, wanted } from "./image-looks";

/** What differs from the lab's good image, its base, and what is wanted of it. */
export interface Case {
  evidence?: Partial<Evidence>;
  base?: Partial<BaseFacts>;
  wanted?: Partial<Wanted>;
  image?: string;
}

export function inspect(given: Case): InspectionResult[] {
  return runInspections(
    evidenceOf(given.image, given.evidence),
    baseFacts("lab-base", given.base),
    wanted(given.wanted),
  );
}

export const resultOf = (given: Case, name: string): InspectionResult | undefined =>
  inspect(given).find((result) => result.name === name);
export const namesOf = (results: InspectionResult[], verdict: string): string[] =>
  results.filter((result) => result.verdict === verdict).map(({ name }) => name);

const good = evidenceOf();
export const initramfs = (changes: Partial<InitramfsLook>): { initramfs: InitramfsLook } => ({
  initramfs: { ...good.initramfs, ...changes },
});
export const listing = (changes: Partial<InitramfsListing>): { initramfs: InitramfsLook } =>
  initramfs({ listing: { ...(good.initramfs.listing as InitramfsListing), ...changes } });
export const modules = good.initramfs.listing?.dracutModules ?? [];
export const labels = (changes: Record<string, string>): { config: ImageConfig } => ({
  config: config({ labels: { ...config().labels, ...changes } }),
});
export const owner = {
  name: "kernel-core",
  versionReleaseArch: "6.12.94-200.fc42.x86_64",
  unameReleases: [],
};
export const folder = (release: string, kernel: "file" | "link" | "none" = "file") => ({ release, kernel });
export const base = baseFacts();
export const topLevel = (
  name: string,
  kind: "folder" | "file" | "link",
  detail = "",
): Evidence["topLevel"] => [...good.topLevel.filter((entry) => entry.name !== name), { name, kind, detail }];
