export type {
  ConnectionArgs,
  DeadlineArgs,
  HostLoginArgs,
  JumpHostArgs,
  LoginArgs,
} from "./resources/connection-args";
export { FcosHost } from "./resources/fcos-host";
export type {
  FcosHostArgs,
  HealthCheckArgs,
  HttpCheckArgs,
  ImageToRunArgs,
  KernelArgumentsArgs,
  RollbackArgs,
  TcpCheckArgs,
} from "./resources/fcos-host-args";
export type { ConfirmedImage, HostDeployment } from "./resources/fcos-host-outputs";
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
  ConnectionLoginArgs,
  DiskArgs,
  FlakeSystemArgs,
  InstallArgs,
  KexecImageArgs,
  NixosHostArgs,
} from "./resources/nixos-host-args";
export type { Deployment, DiskRecord, FailedAttempt } from "./resources/nixos-host-outputs";
export type { RegistryLoginArgs } from "./resources/registry-login-args";
