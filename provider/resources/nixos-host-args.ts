import type { Input } from "@pulumi/pulumi";
import type { ConnectionArgs, HostLoginArgs } from "./connection-args";
import type { DiskArgs, KexecImageArgs } from "./kexec-and-disk-args";

export type { DiskArgs, KexecImageArgs } from "./kexec-and-disk-args";

/** What a NixosHost is declared by. */
export interface NixosHostArgs {
  /**
   * The machine's name: up to 64 letters, digits, `.`, `_`, `-`. It stands in the receipt that the machine keeps.
   * A change means another machine: the resource is replaced, and the old machine is left as it is.
   */
  machine: Input<string>;
  /** The way into the installed system. A change alone proves the same machine behind the new address. */
  connection: Input<ConnectionArgs>;
  /** How the machine is installed. Needed while it is not installed; later only for a reinstall. */
  install?: Input<InstallArgs>;
  /** The system that it must run. A change is an update: a live switch, or a reboot when kernel, initrd or parameters differ. */
  system: Input<FlakeSystemArgs | BuiltSystemArgs>;
  /** How Nix builds and copies. */
  nix?: Input<NixArgs>;
  /**
   * Take over a machine that runs NixOS already, also one that holds the receipt of another resource: it is moved to
   * the declared system like an installed one, and nothing is wiped; that its disks have the declared layout is taken
   * on trust. Without it, and without `install.allowReinstall`, the create of such a machine stops; both at once are
   * refused for a new resource. It says nothing any more once the machine is this resource's. Default: false. No reinstall.
   */
  adopt?: Input<boolean>;
}

/** How Nix builds and copies. No change here touches the machine. */
export interface NixArgs {
  /**
   * `client`: on the machine where Pulumi runs. `target`: on the host itself: the flake is evaluated here, the
   * derivations are copied there, and built into its store; during an install the disko script into the installer's,
   * which is RAM, and the system into the new disk's. Default: `client`.
   */
  buildOn?: Input<"client" | "target">;
  /** Remote builders, each as a line of nix.conf(5)'s `builders`: `ssh://root@builder x86_64-linux`. With `client` only. */
  builders?: Input<Input<string>[]>;
  /**
   * Whether the host first fetches what its own substituters have of the closure, checked by the keys that it trusts;
   * the rest is sent from here. Default: false.
   */
  substituteOnDestination?: Input<boolean>;
  /**
   * Settings of nix.conf(5), handed to every nix command here as `--option`: everybody who may list processes reads
   * them, so tokens and passwords are refused here, and belong into nix.conf.
   */
  options?: Input<Record<string, Input<string>>>;
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

/** How a machine is installed. */
export interface InstallArgs {
  /**
   * The way into the system that the machine runs before; what is not given is as in `connection`, `jumpHost` included:
   * a machine that needs one later cannot be reached directly before. The installer is entered as root with this
   * login's key, at this host and `installerPort`.
   */
  connection?: Input<Partial<ConnectionLoginArgs>>;
  /**
   * A stretch of kexec, disko, install, reboot, in this order. Default: all. With a part, that part is run and proved, and
   * a later `up` with more goes on. disko and install run in the installer only.
   */
  phases?: Input<Input<"kexec" | "disko" | "install" | "reboot">[]>;
  /**
   * The installer: a bundle of nixos-images (`nixos-kexec-installer-noninteractive-<arch>-linux.tar.gz`), or several
   * known-good ones: the next is tried when one cannot be had or loaded, or when it failed and the old system still
   * answers. The one that worked stands in the output `kexecImage`. Needed for the phase kexec, which is skipped on a
   * machine that runs an installer already. No reinstall.
   */
  kexec?: Input<KexecImageArgs | Input<KexecImageArgs>[]>;
  /**
   * Handed to kexec in the rehearsal, and by nixos-images' `run --kexec-extra-flags`, which takes them for words of a
   * shell: one flag each. `--no-ifdown` keeps a machine that refuses the jump answering. No reinstall.
   */
  kexecExtraFlags?: Input<Input<string>[]>;
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
  /**
   * What disko does: `disko` destroys, formats and mounts; `format` formats what is not formatted yet, and mounts
   * (disko's `formatMount`); `mount` only mounts what is there. The disks are compared and must be unused
   * in each of them. With `system.flake` only. Default: `disko`. No reinstall.
   */
  diskoMode?: Input<"disko" | "format" | "mount">;
  /**
   * Files for the new system, by their path there: written before its activation, and read back. Folders on the way are
   * made for root, with mode 0755; a symlink on the way is refused. Used by an install, not by an update. Not
   * below /nix/store, /proc, /sys, /dev or /run.
   */
  extraFiles?: Input<Record<string, Input<ExtraFileArgs>>>;
  /**
   * Keys that the disko layout reads, by their path in the installer: in its RAM, for root alone. They are taken to the
   * byte: a newline at the end counts. The job that runs disko removes them, however disko ends and also when nobody
   * follows it any more. A client that dies after it wrote them and before that job began leaves them in that RAM, until
   * the next `up` or a boot. Used by an install, not by an update.
   */
  diskEncryptionKeys?: Input<Record<string, Input<FileSourceArgs>>>;
  /**
   * The private ssh host keys of the new system, without a passphrase, for /etc/ssh/ssh_host_<type>_key. Of the types that
   * are not given, those of the old system are kept. A `connection.hostKey` that is declared must accept them. Used by an
   * install, not by an update.
   */
  sshHostKeys?: Input<{ [type in "ed25519" | "ecdsa" | "rsa"]?: Input<FileSourceArgs> }>;
  /**
   * How an encrypted root is opened at boot. Needed when the boot would wait for a passphrase: a device of
   * `boot.initrd.luks.devices` without a TPM, clevis, or a key file that the initrd can reach, or a ZFS data set that
   * prompts. Without it, preflight refuses, because the machine would not come back by itself. With `console` and
   * `initrd-ssh` the reboot says that somebody must unlock it, within `bootSeconds`. Prebuilt systems are not looked
   * into. No reinstall.
   */
  encryptedRootUnlock?: Input<"console" | "initrd-ssh" | "tpm2" | "key-file">;
}

/** A file's content: one of the two. */
export interface FileSourceArgs {
  /** The content itself; make it a secret where it is one. */
  content?: Input<string>;
  /** Path of a file on the machine where Pulumi runs. An extra file's may be a folder: then all files below it are meant; symlinks are read through, empty folders left out. */
  source?: Input<string>;
}

/** A file of the new system. */
export interface ExtraFileArgs extends FileSourceArgs {
  /**
   * `user`, `user:group`, or their numbers, as the new system knows them once it was activated. A system with
   * systemd.sysusers or userborn makes its users at boot, which is too late: give numbers there. Default: `root:root`.
   */
  owner?: Input<string>;
  /** Octal. Default: `0600` for a content, the local file's own mode for a source. */
  mode?: Input<string>;
}

/** A login at an address. */
export interface ConnectionLoginArgs extends HostLoginArgs {
  /** Name or address. Default: that of `connection`. */
  host: Input<string>;
}
