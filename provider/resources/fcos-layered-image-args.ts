import type { Input } from "@pulumi/pulumi";
import type { HostLoginArgs } from "./connection-args";
import type { RegistryLoginArgs } from "./registry-login-args";

/** What a FcosLayeredImage is declared by. */
export interface FcosLayeredImageArgs {
  /**
   * The image that is built upon, such as `quay.io/fedora/fedora-coreos:stable`. A tag is asked of its registry in every
   * preview, and the digest that it means goes on as `base.digest`: where the tag has moved, the preview shows it, and
   * `up` rebuilds. With a digest nothing is asked. Errors: a name without its registry; no such image; no answer.
   */
  base: Input<string | BaseArgs>;
  /** The kernel that takes the place of the base's. Another one is another image. */
  kernel: Input<KernelArgs>;
  /** Beside the kernel. A change is another image. */
  packages?: Input<PackagesArgs>;
  /**
   * Files by their path in the image, below /usr or /etc: ostree takes nothing else from an image. Written before
   * `run`, as root's. They can be read by everybody who may pull the image: no place for secrets.
   */
  files?: Input<Record<string, Input<ImageFileArgs>>>;
  /**
   * Commands of POSIX sh, each a step of its own, after packages and files and before the initramfs is made, so that it
   * holds what they change. They stand in the Containerfile and in the image's history: no place for secrets; where one
   * comes as a secret, or as an output, `containerfile` is a secret as well.
   * `rpm-ostree cliwrap install-to-root` is refused: dracut would run itself for ever after it. A change is another image.
   */
  run?: Input<Input<string>[]>;
  /** How the initramfs is made. `ostree` is always in it, and nothing of the builder's own hardware. */
  dracut?: Input<DracutArgs>;
  /** Where the finished image goes, once every inspection is passed. */
  registry: Input<RegistryArgs>;
  /**
   * Signs the digest once it is in the registry, by cosign on the build machine, and looks for the signature there. It is
   * not entered in the public transparency log, which would tell the names of private images. Without cosign the build is
   * refused before it begins. A change alone signs the same digest. Default: not signed.
   */
  sign?: Input<SignArgs>;
  /** Where and by what it is built. A change alone builds nothing. */
  builder?: Input<BuilderArgs>;
  /** Default: the builder's own. It must be that of the base and of the RPMs. A change is another image. */
  platform?: Input<"linux/amd64" | "linux/arm64">;
  /**
   * Labels of the image. `ostree.*` and `containers.bootc` are refused: they are written from what the image holds.
   * A change is another image.
   */
  labels?: Input<Record<string, Input<string>>>;
  /**
   * Consent to build anew when the registry lost the digest although no input changed. The new digest is another one,
   * and would move every machine that follows this image; without consent such a preview is an error. Default: false. A
   * change alone builds nothing.
   */
  allowRebuild?: Input<boolean>;
  /** Whether a destroy deletes the present digest and its signature from the registry; earlier ones stay. Default: false. */
  deleteOnDestroy?: Input<boolean>;
  /** A change alone builds nothing. */
  deadlines?: Input<ImageDeadlineArgs>;
}

/**
 * The base image with a login at its registry; a change of the login alone builds nothing. Without `username`, what
 * `podman login` or `docker login` left here is used.
 */
export interface BaseArgs extends RegistryLoginArgs {
  /** `registry/repository`, with `:tag` or `@sha256:…`. */
  reference: Input<string>;
}

/** The RPMs of one kernel. */
export interface KernelArgs {
  /**
   * All packages of it that the base has of its own (on Fedora CoreOS kernel, kernel-core, kernel-modules and
   * kernel-modules-core), and those that it shall have beside them; all of one version and architecture. The headers
   * are read in the preview, and say `kernelRelease`.
   */
  rpms: Input<Input<RpmArgs>[]>;
  /** The base's packages that go because the new ones have other names: kernel and kernel-core for kernel-rt-core. */
  remove?: Input<Input<string>[]>;
  /** What `uname -r` shall say. It need not be given; where it is and the RPMs say another, the preview is an error. */
  release?: Input<string>;
}

/** An RPM: one of `url` and `path`. The same content from another place is no change. */
export interface RpmArgs {
  /** Downloaded once, and kept in the cache under its hash. No user or password in it. */
  url?: Input<string>;
  /** A file on the machine where Pulumi runs. */
  path?: Input<string>;
  /** 64 hexadecimal digits; the whole file is checked before each use. */
  sha256: Input<string>;
}

/** From the repositories that the base image knows. */
export interface PackagesArgs {
  /** What rpm-ostree or dnf shall install. */
  add?: Input<Input<string>[]>;
  /** Names of packages that the base has. Those of a kernel belong into `kernel.remove`. */
  remove?: Input<Input<string>[]>;
}

/** A file of the image: one of `content` and `source`. */
export interface ImageFileArgs {
  content?: Input<string>;
  /** A file on the machine where Pulumi runs; where its content changes, the image does. */
  source?: Input<string>;
  /** Octal. Default: `0644`. */
  mode?: Input<string>;
}

/** Beside what is always given: no host-only mode, the kernel's release, `ostree`, reproducible. */
export interface DracutArgs {
  addModules?: Input<Input<string>[]>;
  /** Modules that the base's initramfs has, and this one need not; `ostree` is refused. */
  omitModules?: Input<Input<string>[]>;
  addDrivers?: Input<Input<string>[]>;
  /** Words of dracut(8)'s command line. What would undo the build's own is refused: `--hostonly`, `--kver`, … */
  extraArguments?: Input<Input<string>[]>;
  /** Until dracut is ended: it can run for ever where something wraps it. In seconds. Default: 900. No rebuild. */
  timeoutSeconds?: Input<number>;
}

/** A repository, and what is needed to write to it: without `username`, what `podman login` or `docker login` left here. */
export interface RegistryArgs extends RegistryLoginArgs {
  /** `registry/repository`, without a tag. Another one is another image there; the earlier stays where it is. */
  repository: Input<string>;
  /**
   * Tags that are set on the digest once it is pushed and read back. Each build has a tag of its own beside them, so that
   * the registry keeps what a rollback may need. A change alone sets the new ones on the same digest.
   */
  tags?: Input<Input<string>[]>;
}

/** A key pair's private half, as `cosign generate-key-pair` makes it: one of `privateKey` and `privateKeyPath`. */
export interface SignArgs {
  /** The key itself; make it a secret. */
  privateKey?: Input<string>;
  /** Path of the key on the machine where Pulumi runs. Another key in the same file signs anew. */
  privateKeyPath?: Input<string>;
  /** What opens the key; make it a secret. Default: nothing, as for a key without a password. */
  password?: Input<string>;
}

/** What builds. It needs the right to run containers, and room in its storage for base and image. */
export interface BuilderArgs {
  /** Default: buildah where it is installed, else podman. */
  tool?: Input<"buildah" | "podman">;
  /** A machine to build on, by ssh. Default: the one where Pulumi runs. */
  connection?: Input<BuilderConnectionArgs>;
}

/** The way to the builder. `hostKey` is required, and `accept-new` is refused: the state pins machines' keys, not builders'. */
export interface BuilderConnectionArgs extends HostLoginArgs {
  /** Name or address, IPv4 or IPv6. */
  host: Input<string>;
}

/** All in seconds, at most 86400, which is a day. */
export interface ImageDeadlineArgs {
  /** For the whole build, dracut included. Default: 3600. */
  buildSeconds?: Input<number>;
  /** For the push. Default: 1800. */
  pushSeconds?: Input<number>;
}
