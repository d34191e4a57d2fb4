import { HostError } from "../../core/errors";
import { quote } from "../../core/quote";
import type { Driver } from "./tool";

export const bootc: Driver = {
  name: "bootc",
  pull: ({ reference, transport }) => {
    if (transport === "remote-registry") {
      throw new HostError("bad-input", {
        what: 'bootc has no option for the transport "remote-registry"',
        expected: 'transport "unverified-registry" or "image-signed"',
        next: 'take one of them, or driver "rpm-ostree"',
      });
    }
    const signed = transport === "image-signed" ? "--enforce-container-sigpolicy " : "";
    return `bootc switch ${signed}${quote(reference)}`;
  },
  // It has no command of its own for that. What is staged always stands first.
  dropStaged: "ostree admin undeploy 0",
  rollback: "bootc rollback",
};
