/**
 * What the literal `__provider` text of the resources loads. These names and the subpath `./provider` stand in
 * every user's state: they are frozen.
 */
export { nixosHost as NixosHost } from "./nixos-host";
