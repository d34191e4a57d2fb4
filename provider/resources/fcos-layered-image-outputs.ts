/** The initramfs of an image, as it was found in the finished one. */
export interface InitramfsRecord {
  path: string;
  sizeBytes: number;
  sha256: string;
  dracutModules: string[];
}

/** How one inspection of the finished image ended. */
export interface InspectionResult {
  name: string;
  verdict: "ok" | "failed" | "unchecked";
  /** What was seen; of `unchecked`: why it could not be checked. */
  seen: string;
  expected?: string;
  fix?: string;
}
