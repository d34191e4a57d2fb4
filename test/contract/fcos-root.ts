// Part of a stand-in for an ostree machine: its file system, in a temporary folder, laid out as ostree does it.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesBelow } from "./fcos-files";
import { bootChecksum, nameOf, sha256, stateroot, type PlayedDeployment } from "./fcos-parts";

/** What of a host's paths leads into the folder. All else is the machine's that runs the tests. */
const own = [
  ...["etc", "run", "var", "boot", "ostree", "sysroot", "usr/etc", "usr/lib/modules", "usr/lib/os-release"],
  ...[
    "\\.dockerenv",
    "usr/lib/bootc",
    "proc/cmdline",
    "proc/mounts",
    "proc/uptime",
    "proc/sys/kernel/random/boot_id",
  ],
];

/** At the start of a word, also of a quoted one; not behind a variable or another path. */
const ownPath = new RegExp(
  `(?<=(?:^|[\\s=(;|&<>\`{,!^#])["'\\\\]*)/(?=(?:${own.join("|")})(?![\\w-]))`,
  "gm",
);

export class FcosRoot extends FilesBelow {
  readonly folder: string;
  bootId = "";

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "fcos-machine-"));
    super(join(folder, "root"));
    this.folder = folder;
    for (const each of ["var/lib", "sysroot/ostree/deploy", "boot", "usr/lib", "proc/sys/kernel/random"])
      mkdirSync(join(this.path, each), { recursive: true });
    symlinkSync("sysroot/ostree", join(this.path, "ostree"));
  }

  lead = (text: string): string => text.replace(ownPath, `${this.path}/`);
  restore = (text: string): string => text.replaceAll(this.path, "");

  /** The deployment's folder: its kernel files, its /usr/etc and its origin. */
  checkOut(deployment: PlayedDeployment): void {
    const { image, reference, layering } = deployment;
    const home = folderOf(deployment);
    this.write(`${home}/usr/lib/os-release`, osRelease);
    for (const { release, vmlinuz, initramfs, modulesDep } of image.kernels) {
      const modules = `${home}/usr/lib/modules/${release}`;
      mkdirSync(this.at(modules), { recursive: true });
      if (vmlinuz !== undefined) this.sparse(`${modules}/vmlinuz`, vmlinuz);
      if (initramfs !== undefined) this.sparse(`${modules}/initramfs.img`, initramfs);
      if (modulesDep) this.write(`${modules}/modules.dep`, "kernel/fs/ext4/ext4.ko.xz:\n");
    }
    for (const [name, text] of Object.entries({ ...stockEtc, ...image.etc }))
      this.write(`${home}/usr/etc/${name}`, text);
    const origin =
      reference === ""
        ? "refspec=fedora:fedora/x86_64/coreos/stable"
        : `container-image-reference=${reference}`;
    const packages = layering["requested-packages"]?.join(";") ?? "";
    const layers = packages === "" ? "" : `\n[packages]\nrequested=${packages};\n`;
    this.write(`${home}.origin`, `[origin]\n${origin}\n${layers}`);
  }

  forget(deployment: PlayedDeployment): void {
    this.remove(folderOf(deployment));
    this.remove(`${folderOf(deployment)}.origin`);
  }

  /** One entry a deployment, the default with the highest version, as ostree writes them for the BLS. */
  writeEntries(deployments: readonly PlayedDeployment[], withoutInitrd: boolean): void {
    for (const each of ["boot/loader", "boot/ostree", "ostree/boot.1", "ostree/boot.1.1"]) this.remove(each);
    mkdirSync(this.at("boot/loader.1/entries"), { recursive: true });
    for (const file of this.list("boot/loader.1/entries")) this.remove(`boot/loader.1/entries/${file}`);
    symlinkSync("loader.1", this.at("boot/loader"));
    mkdirSync(this.at("ostree/boot.1.1"), { recursive: true });
    symlinkSync("boot.1.1", this.at("ostree/boot.1"));
    for (const [index, deployment] of deployments.entries()) {
      const { image } = deployment;
      const kernel = image.kernels[0];
      const files = `${stateroot}-${bootChecksum(deployment)}`;
      const hasInitrd = (kernel?.initramfs ?? 0) > 0 && !withoutInitrd;
      const lines = [
        `title Fedora CoreOS 44.20261101.3.0 (ostree:${index})`,
        `version ${deployments.length - index}`,
        `options ${optionsOf(deployment, deployments)}`,
        `linux /ostree/${files}/vmlinuz-${kernel?.release}`,
        ...(hasInitrd ? [`initrd /ostree/${files}/initramfs-${kernel?.release}.img`] : []),
      ];
      this.write(`boot/loader.1/entries/ostree-${deployments.length - index}.conf`, `${lines.join("\n")}\n`);
      const link = this.at(`ostree/boot.1.1/${stateroot}/${bootChecksum(deployment)}`);
      mkdirSync(link, { recursive: true });
      symlinkSync(
        `../../../deploy/${stateroot}/deploy/${nameOf(deployment)}`,
        join(link, String(treeSerial(deployment, deployments))),
      );
      this.sparse(`boot/ostree/${files}/vmlinuz-${kernel?.release}`, kernel?.vmlinuz ?? 0);
      if (hasInitrd)
        this.sparse(`boot/ostree/${files}/initramfs-${kernel?.release}.img`, kernel?.initramfs ?? 0);
    }
  }

  /** As the kernel would say it. */
  tellUptime(seconds: number): void {
    this.write("proc/uptime.next", `${seconds.toFixed(2)} 0.00\n`);
    renameSync(this.at("proc/uptime.next"), this.at("proc/uptime"));
  }

  /** What a boot makes new: memory, and the running deployment's /usr and /etc in their places. */
  boot(deployment: PlayedDeployment, deployments: readonly PlayedDeployment[]): void {
    this.bootId = randomUUID();
    this.remove("run");
    for (const each of ["run/systemd/system", "run/ostree"]) mkdirSync(this.at(each), { recursive: true });
    this.write("run/ostree-booted", "");
    this.write("proc/sys/kernel/random/boot_id", `${this.bootId}\n`);
    this.write("proc/mounts", "/dev/vda4 /sysroot xfs ro 0 0\n/dev/vda3 /boot ext4 ro 0 0\n");
    const kernel = `/ostree/${stateroot}-${bootChecksum(deployment)}/vmlinuz-${deployment.image.kernels[0]?.release}`;
    this.write("proc/cmdline", `BOOT_IMAGE=(hd0,gpt3)${kernel} ${optionsOf(deployment, deployments)}\n`);
    const home = folderOf(deployment);
    if (!this.has(`${home}/etc`)) this.mergeEtc(deployment, undefined);
    for (const [link, target] of Object.entries({ etc: "etc", usr: "usr" })) {
      this.remove(link);
      symlinkSync(this.at(`${home}/${target}`), this.at(link));
    }
  }

  /** ostree's merge, as far as it is needed: the image's own files, and over them what was changed on the machine. */
  mergeEtc(deployment: PlayedDeployment, from: PlayedDeployment | undefined): void {
    const home = folderOf(deployment);
    this.remove(`${home}/etc`);
    this.copy(`${home}/usr/etc`, `${home}/etc`);
    if (from === undefined) {
      this.write(`${home}/etc/machine-id`, `${machineId}\n`);
      return;
    }
    for (const line of this.changedEtc(from)) {
      const name = line.slice(5);
      if (line.startsWith("D")) this.remove(`${home}/etc/${name}`);
      else this.copy(`${folderOf(from)}/etc/${name}`, `${home}/etc/${name}`);
    }
  }

  /** As `ostree admin config-diff` prints it. */
  changedEtc(deployment: PlayedDeployment): string[] {
    const home = folderOf(deployment);
    const [ours, theirs] = [this.filesIn(`${home}/etc`), this.filesIn(`${home}/usr/etc`)];
    const lines = [...ours].flatMap(([name, text]) =>
      !theirs.has(name) ? [`A    ${name}`] : theirs.get(name) === text ? [] : [`M    ${name}`],
    );
    const gone = [...theirs.keys()].filter((name) => !ours.has(name)).map((name) => `D    ${name}`);
    return [...lines, ...gone].sort();
  }

  /** All that lasts, with its content: what a look must leave as it was. */
  snapshot(): string {
    return JSON.stringify([
      ...this.filesIn("var"),
      ...this.filesIn("boot"),
      ...this.filesIn("sysroot/ostree"),
    ]);
  }

  /** Every file below a folder, with its text. */
  everywhere(folder: string): [string, string][] {
    return [...this.filesIn(folder)];
  }

  destroy(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const machineId = sha256("machine-id").slice(0, 32);

function folderOf(deployment: PlayedDeployment): string {
  return `sysroot/ostree/deploy/${stateroot}/deploy/${nameOf(deployment)}`;
}

/** Deployments with the same boot files share a folder of /boot, and count there. */
function treeSerial(deployment: PlayedDeployment, deployments: readonly PlayedDeployment[]): number {
  const same = deployments.filter((other) => bootChecksum(other) === bootChecksum(deployment));
  return Math.max(0, same.indexOf(deployment));
}

function optionsOf(deployment: PlayedDeployment, deployments: readonly PlayedDeployment[]): string {
  const tree = `/ostree/boot.1/${stateroot}/${bootChecksum(deployment)}/${treeSerial(deployment, deployments)}`;
  return [...deployment.kargs, "root=UUID=910678ff-f77e-4a7d-8d53-86f2ac47a823", `ostree=${tree}`].join(" ");
}

const osRelease = `NAME="Fedora Linux"
VERSION="44.20261101.3.0 (CoreOS)"
ID=fedora
VERSION_ID=44
VARIANT_ID=coreos
PRETTY_NAME="Fedora CoreOS 44.20261101.3.0"
OSTREE_VERSION='44.20261101.3.0'
`;

const stockEtc = {
  hostname: "localhost\n",
  issue: "Fedora CoreOS\n",
  "os-release": osRelease,
  "systemd/system/multi-user.target.wants/sshd.service": "a link to /usr/lib/systemd/system/sshd.service\n",
};
