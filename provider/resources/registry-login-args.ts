import type { Input } from "@pulumi/pulumi";

/** A login at a registry, over https. */
export interface RegistryLoginArgs {
  /** Needs `password`. */
  username?: Input<string>;
  /** Password or token of `username`; make it a secret. */
  password?: Input<string>;
  /** PEM text of the authority that signed the registry's certificate, when it is no public one. */
  certificateAuthority?: Input<string>;
}
