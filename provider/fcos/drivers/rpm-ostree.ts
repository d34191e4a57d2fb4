import { quote } from "../../core/quote";
import type { Driver, Pull } from "./tool";

export const rpmOstree: Driver = {
  name: "rpm-ostree",
  pull: (order) => `rpm-ostree rebase ${quote(ostreeReference(order))}`,
  dropStaged: "rpm-ostree cleanup -p",
  rollback: "rpm-ostree rollback",
  kernelArguments: ({ present, absent }) => `set -f
set --
for wanted in ${present.map(quote).join(" ")}; do set -- "$@" "--append-if-missing=$wanted"; done
now=$(rpm-ostree kargs) || exit
for unwanted in ${absent.map(quote).join(" ")}; do
  for argument in $now; do
    # A name alone stands for all of its values; the tool deletes only what is told to the letter.
    case $argument in "$unwanted") ;; "$unwanted"=*) case $unwanted in *=*) continue ;; esac ;; *) continue ;; esac
    set -- "$@" "--delete-if-present=$argument"
  done
done
[ $# -eq 0 ] || rpm-ostree kargs "$@"`,
};

/** As rpm-ostree writes it in a deployment's origin; it is not the same in all transports. */
function ostreeReference({ reference, transport, remote }: Pull): string {
  switch (transport) {
    case "unverified-registry":
      return `ostree-unverified-registry:${reference}`;
    case "image-signed":
      return `ostree-image-signed:docker://${reference}`;
    case "remote-registry":
      return `ostree-remote-registry:${remote ?? ""}:${reference}`;
  }
}
