import { consequences, requireReinstallConsent } from "../nixos/consequences";
import { deploy } from "../nixos/deploy";
import { read } from "../nixos/read";
import type { NixosHostInputs } from "../nixos/schema";
import type { HostState } from "../nixos/state";
import { hostLifecycle } from "./host-lifecycle";
import { changesBetween } from "./nixos-changes";
import { nixosKind } from "./nixos-kind";

export const nixosHost = hostLifecycle<NixosHostInputs, HostState>({
  kind: nixosKind,
  changesBetween,
  consequences(state, news) {
    const { reinstall, lines } = consequences(state, news);
    if (reinstall) requireReinstallConsent(state, news);
    return { lines, severe: reinstall };
  },
  deploy,
  read,
});
