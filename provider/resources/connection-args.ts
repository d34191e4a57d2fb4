import type { Input } from "@pulumi/pulumi";

/** One login. Give one of `privateKey`, `privateKeyPath` and `agent`; without any, the agent of `SSH_AUTH_SOCK` is asked. */
export interface LoginArgs {
  /** TCP port. Default: 22. */
  port?: Input<number>;
  /** Default: `root`; of a FcosHost `core`. Any other user than root needs `sudo`, without a password or with `sudoPassword`. */
  user?: Input<string>;
  /** The private key itself, in OpenSSH or PEM form; make it a secret. It lies in the state, encrypted: prefer a path or the agent. */
  privateKey?: Input<string>;
  /** Path of the private key on the machine where Pulumi runs. */
  privateKeyPath?: Input<string>;
  /** Passphrase of the private key; make it a secret. */
  passphrase?: Input<string>;
  /** `true` for the agent of `SSH_AUTH_SOCK`, or the path of an agent's socket. */
  agent?: Input<boolean | string>;
  /**
   * What the host must prove to be: its public key (`ssh-ed25519 AAAA…`), its fingerprint (`SHA256:…`), several of
   * these, or `accept-new`: the first key seen is taken, and pinned in the state. There is no way to switch the check
   * off. Required in `connection`. A mismatch is an error, and nothing is done.
   */
  hostKey?: Input<string | Input<string>[]>;
}

/**
 * A host between: reached by ssh, and used for nothing but to reach the machine; its user needs no shell. `hostKey` is
 * required, and `accept-new` is refused: the state pins the machine's own keys only.
 */
export interface JumpHostArgs extends LoginArgs {
  /** Name or address, IPv4 or IPv6. */
  host: Input<string>;
  /** Default: `root`. It needs no sudo. */
  user?: Input<string>;
}

/** What a host that is worked on needs beside a login. */
export interface HostLoginArgs extends LoginArgs {
  /** What sudo asks `user` for; make it a secret. It is sent on stdin, only when sudo asks. Default: none, sudo must not ask. */
  sudoPassword?: Input<string>;
  /** The host is reached through this one, as by `ssh -J`. */
  jumpHost?: Input<JumpHostArgs>;
}

/** The way into the system that the machine runs, or that was installed on it. */
export interface ConnectionArgs extends HostLoginArgs {
  /** Name or address, IPv4 or IPv6. */
  host: Input<string>;
  /** How long things may take, in seconds. */
  deadlines?: Input<DeadlineArgs>;
}

/** All in seconds, at most 86400, which is a day. */
export interface DeadlineArgs {
  /** Until a host that is up must have greeted. Default: 10. */
  connectSeconds?: Input<number>;
  /** Until a system must answer after kexec or a reboot; of a FcosHost also until its guard takes the machine back. Default: 600. */
  bootSeconds?: Input<number>;
  /** For each of build, upload, disko, copy, install and switch; of a FcosHost for the pull and each other step. Default: 3600. */
  phaseSeconds?: Input<number>;
}
