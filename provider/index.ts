export { FcosLayeredImage } from "./resources/fcos-layered-image";
export type {
  BaseArgs,
  BuilderArgs,
  BuilderConnectionArgs,
  DracutArgs,
  FcosLayeredImageArgs,
  ImageDeadlineArgs,
  ImageFileArgs,
  KernelArgs,
  PackagesArgs,
  RegistryArgs,
  RegistryLoginArgs,
  RpmArgs,
  SignArgs,
} from "./resources/fcos-layered-image-args";
export type { InitramfsRecord, InspectionResult } from "./resources/fcos-layered-image-outputs";
export { ignition, machineConfig, machineOSConfig } from "./resources/image-documents";
export type {
  ContainerfileArgs,
  IgnitionArgs,
  ImageSource,
  KubernetesObject,
  MachineConfigArgs,
  MachineOSConfigArgs,
} from "./resources/image-documents";
export { NixosHost } from "./resources/nixos-host";
export type {
  BuiltSystemArgs,
  ConnectionArgs,
  ConnectionLoginArgs,
  DeadlineArgs,
  DiskArgs,
  FlakeSystemArgs,
  InstallArgs,
  KexecImageArgs,
  LoginArgs,
  NixosHostArgs,
} from "./resources/nixos-host-args";
export type { Deployment, DiskRecord, FailedAttempt } from "./resources/nixos-host-outputs";
