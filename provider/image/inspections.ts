import { HostError } from "../core/errors";
import type { Evidence, Wanted } from "./evidence";
import { imageInspections } from "./inspections/image";
import { initramfsInspections } from "./inspections/initramfs";
import { resultOf, type Inspection } from "./inspections/inspection";
import { kernelInspections } from "./inspections/kernel";
import type { BaseFacts, InspectionResult } from "./types";

/** All questions that a finished image must answer before it is pushed. One more is one entry in one of these. */
export const inspections: readonly Inspection[] = [
  ...kernelInspections,
  ...initramfsInspections,
  ...imageInspections,
];

export function runInspections(evidence: Evidence, base: BaseFacts, wanted: Wanted): InspectionResult[] {
  return inspections.map((inspection) => resultOf(inspection, inspection.inspect(evidence, base, wanted)));
}

/** What could not be checked is no failure; it stands in the outputs, with its reason. */
export function verdictOf(results: readonly InspectionResult[]): "ok" | "failed" {
  return results.some(({ verdict }) => verdict === "failed") ? "failed" : "ok";
}

export function inspectionError(results: readonly InspectionResult[]): HostError {
  const failures = results.filter(({ verdict }) => verdict === "failed");
  const named = (text: (result: InspectionResult) => string): string =>
    failures
      .map((result) => (failures.length > 1 ? `${result.name}: ${text(result)}` : text(result)))
      .join(
        // Below the first one, where HostError puts it.
        "\n            ",
      );
  const names = failures.map(({ name }) => name).join(", ");
  return new HostError("inspection-failed", {
    what: `the image failed ${failures.length} of ${results.length} inspections (${names}); nothing was pushed`,
    expected: named(({ expected = "" }) => expected),
    seen: named(({ seen }) => seen),
    next: named(({ fix = "" }) => fix),
  });
}
