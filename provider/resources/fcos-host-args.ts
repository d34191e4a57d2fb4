import type { Input } from "@pulumi/pulumi";
import type { ConnectionArgs } from "./connection-args";
import type { RegistryLoginArgs } from "./registry-login-args";

/** What a FcosHost is declared by. */
export interface FcosHostArgs {
  /**
   * The machine's name: up to 64 letters, digits, `.`, `_`, `-`. It stands in the receipt that the machine keeps.
   * A change means another machine: the resource is replaced, and the old machine is left as it is.
   */
  machine: Input<string>;
  /** The way into the machine, as a user with sudo; `user` is `core` by default. A change alone proves the same machine. */
  connection: Input<ConnectionArgs>;
  /**
   * The image that the machine must run: a FcosLayeredImage, or `registry/repository@sha256:…`. A tag alone is refused,
   * because nobody could prove what it meant; one beside the digest is left out, as rpm-ostree refuses it. Of an image of
   * ours the kernel is declared as well, as `booted.kernelRelease`. Another digest moves the machine, and reboots it once.
   * The rollback system, which ran before, is taken from the disk without a download; any other one, also a pinned one, is
   * pulled anew, and only the layers that the disk still has are not fetched again.
   */
  image: Input<string> | Input<ImageToRunArgs>;
  /**
   * What moves the machine. `auto`: rpm-ostree where it is installed, else bootc. Default: `auto`. A change alone reboots
   * nothing. One that the machine does not have is refused before anything is changed.
   */
  driver?: Input<"auto" | "rpm-ostree" | "bootc">;
  /**
   * How the machine pulls: `unverified-registry` checks the digest alone; `image-signed` asks the machine's own
   * /etc/containers/policy.json for a signature, and is refused where that would accept any image; `remote-registry` asks
   * for a commit that the keys of `remote` signed (rpm-ostree only). Default: `unverified-registry`. Used by the next move.
   */
  transport?: Input<"unverified-registry" | "image-signed" | "remote-registry">;
  /** The ostree remote of the machine whose keys are asked; required with `remote-registry`, refused with anything else. */
  remote?: Input<string>;
  /**
   * The machine's login at the image's registry, best one that may only pull. It is on the machine only while it pulls, in
   * /run/ostree/auth.json and /etc/containers/certs.d, and what somebody else has there is put back. Default: what the
   * machine itself has. A change alone touches nothing.
   */
  registry?: Input<RegistryLoginArgs>;
  /**
   * `now`: `up` reboots the machine, and ends when it is confirmed. `manual`: `up` ends with the image staged; the machine
   * runs it after a reboot by somebody else, and the next `up` confirms it. Default: `now`.
   */
  reboot?: Input<"now" | "manual">;
  /** The way back when a new system does not prove itself. A change alone touches nothing. */
  rollback?: Input<RollbackArgs>;
  /**
   * What the machine must prove after the reboot, by name; run on the machine, in parallel, each until it passes or has no
   * tries left. One that fails makes `up` fail with it, and rolls the machine back. A change alone runs them, and reboots
   * nothing. Default: none.
   */
  healthChecks?: Input<Record<string, Input<HealthCheckArgs>>>;
  /**
   * What is done about somebody who updates the machine by himself: Zincati, the timer of rpm-ostreed-automatic or of
   * bootc-fetch-apply-updates. `mask`: stopped and masked, also when it comes back. `fail`: nothing is changed while one is
   * active. Default: `mask`.
   */
  updateDriver?: Input<"mask" | "fail">;
  /**
   * Kernel arguments beside those of the image and of the machine; all others stay as they are. Taking one out of the
   * program leaves it on the machine: declare it `absent`. A change reboots the machine. With rpm-ostree only; for bootc
   * they belong into the image, in /usr/lib/bootc/kargs.d.
   */
  kernelArguments?: Input<KernelArgumentsArgs>;
  /**
   * Files or folders below /etc that must be as the image has them. What was changed or deleted is drift; `up` restores it
   * from /usr/etc without a reboot, and keeps a copy below /var/lib/pulumi-immutable-os/etc-saved. What somebody added to a
   * folder stays, and is no drift; a file that the image does not have is removed where its own path is named. Refused is
   * what makes the machine this one: passwd, shadow, group, gshadow, subuid, subgid, fstab, crypttab, machine-id, hostname,
   * ssh/ssh_host_*. Default: none, /etc is the machine's.
   */
  unchangedEtc?: Input<Input<string>[]>;
  /**
   * Take over a machine that holds the receipt of another resource. Without it such a machine is refused, and nothing is
   * changed. It says nothing any more once the machine is this resource's. Default: false.
   */
  adopt?: Input<boolean>;
  /** Whether a preview looks at a machine that is not in the state yet, read-only. Default: true. */
  probeInPreview?: Input<boolean>;
}

/** An image, and the kernel in it: a FcosLayeredImage is one. */
export interface ImageToRunArgs {
  /** `registry/repository@sha256:…`, with 64 lower-case hexadecimal digits. */
  reference: Input<string>;
  /**
   * What `uname -r` must say on the machine. Where the staged image holds another kernel, nothing is rebooted. Default:
   * whatever kernel the image has; a mismatch with its one kernel folder is an error as well.
   */
  kernelRelease?: Input<string>;
}

/** Both need the earlier system on the disk: what a failed system did to /var stays. */
export interface RollbackArgs {
  /**
   * Whether `up` brings back the earlier system, by a second reboot that is proved as well, when the machine answers but
   * runs the wrong kernel or fails a health check. `up` fails all the same, and the state stays what it was. With false the
   * machine stays in the new system, and the state says so; `reboot: "manual"` switches it off as well, for then `up`
   * reboots nothing. Default: true.
   */
  automatic?: Input<boolean>;
  /**
   * Whether the new system goes back by itself, `connection.deadlines.bootSeconds` after its start, when nobody confirmed
   * it: for a machine without a network or a sshd, or whose `up` was killed. It cannot help where a kernel panics or hangs
   * before systemd: ostree's boot loaders count no boots here. Not used with `reboot: "manual"`. Default: true.
   */
  guard?: Input<boolean>;
}

/** One question to the machine: one of `command`, `unit`, `tcp` and `http`. */
export interface HealthCheckArgs {
  /** A command of POSIX sh, run as root; exit code 0 passes. It can be read in the state: no place for secrets. */
  command?: Input<string>;
  /** A systemd unit that must be active: `nginx.service`. */
  unit?: Input<string>;
  /** A TCP port that must accept a connection from the machine itself. */
  tcp?: Input<TcpCheckArgs>;
  /** A URL that must answer a GET from the machine itself; redirects are not followed. */
  http?: Input<HttpCheckArgs>;
  /** Further tries after the first one, 0 to 1000. Default: 12. */
  retries?: Input<number>;
  /** Between two tries, in seconds. Default: 5. */
  intervalSeconds?: Input<number>;
  /** Of one try, in seconds. Default: 10. */
  deadlineSeconds?: Input<number>;
}

/** A TCP port. */
export interface TcpCheckArgs {
  port: Input<number>;
  /** Default: 127.0.0.1. */
  host?: Input<string>;
}

/** A URL, and what it must answer. */
export interface HttpCheckArgs {
  /** http or https, without a user or a password in it. It can be read in the state: no place for secrets. */
  url: Input<string>;
  /** The status of the answer, 100 to 599. Default: 200. */
  status?: Input<number>;
}

/** Each without blanks, as on the kernel's command line: `quiet`, `mitigations=auto,nosmt`. */
export interface KernelArgumentsArgs {
  /** Added where they are not there. */
  present?: Input<Input<string>[]>;
  /** Removed where they are there. `ostree`, `BOOT_IMAGE` and `initrd` are refused in both: others write them. */
  absent?: Input<Input<string>[]>;
}
