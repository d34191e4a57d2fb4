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
