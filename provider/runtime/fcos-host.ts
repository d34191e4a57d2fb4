import { consequences, consequencesOfUnknownImage } from "../fcos/consequences";
import { deploy } from "../fcos/deploy";
import { read } from "../fcos/read";
import type { FcosHostInputs } from "../fcos/schema";
import type { FcosState } from "../fcos/state";
import { fcosChanges } from "./fcos-changes";
import { fcosKind } from "./fcos-kind";
import { hostLifecycle } from "./host-lifecycle";
import { liesInUnknown, unknown, valueAt, type Inputs } from "./inputs";

export const fcosHost = hostLifecycle<FcosHostInputs, FcosState>({
  kind: fcosKind,
  changesBetween: fcosChanges,
  consequences,
  consequencesOfUnknown: (state, news) =>
    news["image"] === unknown ? consequencesOfUnknownImage(state, kernelIn(news)) : [],
  staysBehind:
    ": what was masked (update drivers) stays masked, the deployment stays pinned, and the receipt stays in /var/lib/pulumi-immutable-os",
  deploy,
  read,
});

/** An image of ours says its kernel before it is built. */
function kernelIn(news: Inputs): string | undefined {
  const path = ["booted", "kernelRelease"];
  const kernel = liesInUnknown(news, path) ? unknown : valueAt(news, path);
  return typeof kernel === "string" && kernel !== unknown ? kernel : undefined;
}
