/**
 * What the literal `__provider` text of the resources loads. These names and the subpath `./provider` stand in
 * every user's state: they are frozen.
 */
export { fcosHost as FcosHost } from "./fcos-host";
export { fcosLayeredImage as FcosLayeredImage } from "./fcos-layered-image";
export { nixosHost as NixosHost } from "./nixos-host";
