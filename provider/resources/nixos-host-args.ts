import type { Input } from "@pulumi/pulumi";

/** What a NixosHost is declared by. */
export interface NixosHostArgs {
  /**
   * The machine's name: letters, digits, `.`, `_`, `-`. It stands in the receipt that the machine keeps.
   * A change means another machine: the resource is replaced, and the old machine is left as it is.
   */
  machine: Input<string>;
  /** The way into the installed system. A change alone proves the same machine behind the new address. */
  connection: Input<ConnectionArgs>;
  /** How the machine is installed. Needed while it is not installed; later only for a reinstall. */
  install?: Input<InstallArgs>;
  /** The system that it must run. A change is an update: a live switch, or a reboot when kernel, initrd or parameters differ. */
  system: Input<FlakeSystemArgs | BuiltSystemArgs>;
}

/** A configuration of a flake: evaluated in every preview, built by `up` before the machine is touched. */
export interface FlakeSystemArgs {
  /**
   * `<flake reference>#<name>`, as in `nixosConfigurations.<name>`: `./machines#web`, `github:org/repo#web`. A relative
   * path is relative to the Pulumi program. A flake that does not evaluate is an error of the preview, in Nix's words.
   */
  flake: Input<string>;
}

/** Store paths that were built already and are in this machine's store: nothing is evaluated. */
export interface BuiltSystemArgs {
  /** `config.system.build.toplevel`. */
  toplevel: Input<string>;
  /** `config.system.build.diskoScript`. Needed for an install. Another one is another layout: a reinstall. */
  diskoScript?: Input<string>;
}

/** One login. Give one of `privateKey`, `privateKeyPath` and `agent`; without any, the agent of `SSH_AUTH_SOCK` is asked. */
export interface LoginArgs {
  /** TCP port. Default: 22. */
  port?: Input<number>;
  /** Default: `root`. Any other user needs `sudo` without a password. */
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

/** The way into the installed system. */
export interface ConnectionArgs extends LoginArgs {
  /** Name or address, IPv4 or IPv6. */
  host: Input<string>;
  /** How long things may take, in seconds. */
  deadlines?: Input<DeadlineArgs>;
}

/** All in seconds. */
export interface DeadlineArgs {
  /** Until a host that is up must have greeted. Default: 10. */
  connectSeconds?: Input<number>;
  /** Until a system must answer after kexec or a reboot. Default: 600. */
  bootSeconds?: Input<number>;
  /** For each of build, upload, disko, copy, install and switch. Default: 3600. */
  phaseSeconds?: Input<number>;
}

/** How a machine is installed. */
export interface InstallArgs {
  /**
   * The way into the system that the machine runs before; what is not given is as in `connection`. The installer is
   * entered as root with this login's key, at this host and `installerPort`.
   */
  connection?: Input<Partial<ConnectionLoginArgs>>;
  /**
   * A stretch of kexec, disko, install, reboot, in this order. Default: all. With a part, that part is run and proved, and
   * a later `up` with more goes on. disko and install run in the installer only.
   */
  phases?: Input<Input<"kexec" | "disko" | "install" | "reboot">[]>;
  /** The installer: a bundle of nixos-images (`nixos-kexec-installer-noninteractive-<arch>-linux.tar.gz`). Needed for the phase kexec. */
  kexec?: Input<KexecImageArgs>;
  /**
   * The disks that will be wiped: exactly the ones that the configuration's disko layout names. Default: these, by
   * their path alone. Whatever is given is compared with the disk in the old system, and in the installer right before
   * the wipe. Another set of devices is a reinstall.
   */
  disks?: Input<Input<DiskArgs>[]>;
  /**
   * Consent to wipe a machine that runs already: the disks' paths or serials. Asked for when the layout, the disks or
   * `reinstallTrigger` change, and for a machine that runs a NixOS which this resource did not install. Not a change by itself.
   */
  allowReinstall?: Input<Input<string>[]>;
  /** Any text; another one reinstalls the machine, with consent. */
  reinstallTrigger?: Input<string>;
  /** Whether a preview looks at a machine that it would install, read-only, to show its disks. Default: true. */
  probeInPreview?: Input<boolean>;
  /** The port of the installer's sshd as seen from here; nixos-images' listens on 22. Default: that of `connection`. */
  installerPort?: Input<number>;
}

/** A login at an address. */
export interface ConnectionLoginArgs extends LoginArgs {
  /** Name or address. Default: that of `connection`. */
  host: Input<string>;
}

/** Where the installer comes from: a path, or a URL with its hash. */
export interface KexecImageArgs {
  /** A file on the machine where Pulumi runs. */
  path?: Input<string>;
  /** Downloaded once, kept in the cache under its hash, checked before every use. Needs `sha256`. */
  url?: Input<string>;
  /** 64 hexadecimal digits. Required with `url`: released bundles are replaced under the same URL. */
  sha256?: Input<string>;
}

/** A disk, by its path and by what it is recognised by. */
export interface DiskArgs {
  /** A stable path, such as `/dev/disk/by-id/…`. */
  device: Input<string>;
  /** As `lsblk -o SERIAL` shows it. */
  serial?: Input<string>;
  /** As `lsblk -o WWN` shows it. */
  wwn?: Input<string>;
  /** In bytes, as `lsblk -b -o SIZE` shows it. */
  sizeBytes?: Input<number>;
}
