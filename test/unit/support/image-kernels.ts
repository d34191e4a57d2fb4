import { imageInputsOf } from "./image-builders";

/** Release of the kernel in image-builders' inputs. */
export const release = "6.12.94-200.fc42.x86_64";

/** Packages of a kernel as Fedora names them. */
export const kernel = ["kernel", "kernel-core", "kernel-modules", "kernel-modules-core"];

/** As they lie in the context of the build. */
export const rpmsOf = (names: string[], version = release): string[] =>
  names.map((name) => `${name}-${version}.rpm`);

const rtRelease = "6.12.94-200.rt1.fc42.x86_64";
export const rtRpms = rpmsOf(["kernel-rt-core", "kernel-rt-modules"], rtRelease);
export const rtInputs = imageInputsOf({
  kernel: { rpms: imageInputsOf().kernel.rpms, remove: kernel },
  kernelRelease: rtRelease,
});
