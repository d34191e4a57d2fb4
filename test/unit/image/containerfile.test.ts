import { containerfile } from "../../../provider/image/containerfile";
import { kernel, rpmsOf, rtInputs, rtRpms } from "../support/image-kernels";
import { imageInputsOf } from "../support/image-builders";
import { baseFacts } from "../support/image-looks";

/** Each of these was read by a person, line for line, against the rules of the documentation. */
describe("the whole file", () => {
  test("Fedora CoreOS, with everything that a program can ask for", () => {
    const inputs = imageInputsOf({
      platform: "linux/amd64",
      packages: { add: ["htop", "kmod-wireguard"], remove: ["zincati"] },
      files: { "/usr/lib/z.conf": { content: "z" }, "/etc/a.conf": { source: "a", mode: "0600" } },
      run: ["systemctl enable podman.socket", "set -u\nfor name in a b; do\n  touch /usr/lib/$name\ndone"],
      dracut: {
        addModules: ["nvmf", "iscsi"],
        omitModules: ["plymouth"],
        addDrivers: ["mlx5_core", "nvme_tcp"],
        extraArguments: ["--early-microcode"],
        timeoutSeconds: 300,
      },
      labels: { "org.opencontainers.image.title": 'web "live" $1' },
    });
    expect(containerfile(inputs, baseFacts("base-fcos-42"), rpmsOf(kernel))).toMatchInlineSnapshot(`
     "# Written by pulumi-immutable-os: Fedora CoreOS 42.20250512.3.0 with kernel 6.12.94-200.fc42.x86_64.
     FROM --platform=linux/amd64 quay.io/fedora/fedora-coreos@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

     # The kernel, all of it.
     RUN --mount=type=bind,source=rpms,target=/run/rpms mkdir -p -m 1777 /var/tmp && \\
         export DRACUT_NO_XATTR=1 TMPDIR=/var/tmp && \\
         rpm-ostree override replace /run/rpms/kernel-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-core-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-modules-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-modules-core-6.12.94-200.fc42.x86_64.rpm

     # Packages, from the repositories that the base has.
     RUN rpm-ostree override remove zincati --install=htop --install=kmod-wireguard

     # What packages of kernels put where ostree looks for nothing.
     RUN find /boot -mindepth 1 -delete

     # Files of the program; COPY would put one into a folder of its name, under the name that it has in the context.
     RUN if [ -d /etc/a.conf ]; then echo 'files: /etc/a.conf is a folder in the image, and not to be a file' >&2; exit 1; fi && \\
         if [ -d /usr/lib/z.conf ]; then echo 'files: /usr/lib/z.conf is a folder in the image, and not to be a file' >&2; exit 1; fi
     COPY --chmod=0600 ["files/0", "/etc/a.conf"]
     COPY --chmod=0644 ["files/1", "/usr/lib/z.conf"]

     # Steps of the program; before the initramfs is made, so that what they change is in it.
     RUN systemctl enable podman.socket
     RUN ["/bin/sh", "-e", "-c", "set -u\\nfor name in a b; do\\n  touch /usr/lib/$name\\ndone"]

     # What the replaced kernel and hooks of packages left behind goes; the index of the modules; the checksum for FIPS mode names no folder.
     RUN mkdir -p -m 1777 /var/tmp && \\
         { [ -e /usr/lib/modules/6.14.0-63.fc42.x86_64/vmlinuz ] || rm -rf /usr/lib/modules/6.14.0-63.fc42.x86_64; } && \\
         rm -f /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img && \\
         depmod -a 6.12.94-200.fc42.x86_64 && \\
         if [ -e /usr/lib/modules/6.12.94-200.fc42.x86_64/.vmlinuz.hmac ]; then sed -i 's#  /.*/#  #' /usr/lib/modules/6.12.94-200.fc42.x86_64/.vmlinuz.hmac; fi

     # For any machine, of this kernel, with ostree's own start; never for the builder.
     RUN timeout --kill-after=30 300 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/bin/dracut --no-hostonly --kver 6.12.94-200.fc42.x86_64 --reproducible -v --add ostree --add 'nvmf iscsi' --omit plymouth --add-drivers 'mlx5_core nvme_tcp' --early-microcode -f /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img && \\
         if [ -e /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img ]; then chmod 0600 /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img; fi

     # What no machine should get.
     RUN rpm-ostree cleanup -m && \\
         ostree container commit

     LABEL "org.opencontainers.image.title"="web \\"live\\" \\$1"
     LABEL "ostree.linux"="6.12.94-200.fc42.x86_64"
     "
    `);
  });

  test("SCOS of OKD, whose base has the wrappers of rpm-ostree", () => {
    const next = "5.14.0-600.el9.x86_64";
    const names = ["kernel-core", "kernel-modules", "kernel-modules-core", "kernel"];
    const inputs = imageInputsOf({
      base: {
        reference: `quay.io/okd/scos-content@sha256:${"a".repeat(64)}`,
        digest: `sha256:${"a".repeat(64)}`,
      },
      kernel: { rpms: imageInputsOf().kernel.rpms, remove: ["kernel-modules-extra"] },
      kernelRelease: next,
    });
    expect(containerfile(inputs, baseFacts("base-scos-cliwrap"), rpmsOf(names, next))).toMatchInlineSnapshot(`
     "# Written by pulumi-immutable-os: CentOS Stream CoreOS 419.9.202505 with kernel 5.14.0-600.el9.x86_64.
     FROM quay.io/okd/scos-content@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

     # The kernel, all of it.
     RUN --mount=type=bind,source=rpms,target=/run/rpms mkdir -p -m 1777 /var/tmp && \\
         export DRACUT_NO_XATTR=1 TMPDIR=/var/tmp && \\
         rpm-ostree override remove kernel-modules-extra --replace=/run/rpms/kernel-core-5.14.0-600.el9.x86_64.rpm --replace=/run/rpms/kernel-modules-5.14.0-600.el9.x86_64.rpm --replace=/run/rpms/kernel-modules-core-5.14.0-600.el9.x86_64.rpm --replace=/run/rpms/kernel-5.14.0-600.el9.x86_64.rpm

     # What packages of kernels put where ostree looks for nothing.
     RUN find /boot -mindepth 1 -delete

     # What the replaced kernel and hooks of packages left behind goes; the index of the modules; the checksum for FIPS mode names no folder.
     RUN mkdir -p -m 1777 /var/tmp && \\
         { [ -e /usr/lib/modules/5.14.0-570.el9.x86_64/vmlinuz ] || rm -rf /usr/lib/modules/5.14.0-570.el9.x86_64; } && \\
         rm -f /usr/lib/modules/5.14.0-600.el9.x86_64/initramfs.img && \\
         depmod -a 5.14.0-600.el9.x86_64 && \\
         if [ -e /usr/lib/modules/5.14.0-600.el9.x86_64/.vmlinuz.hmac ]; then sed -i 's#  /.*/#  #' /usr/lib/modules/5.14.0-600.el9.x86_64/.vmlinuz.hmac; fi

     # For any machine, of this kernel, with ostree's own start; never for the builder.
     RUN timeout --kill-after=30 900 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/libexec/rpm-ostree/wrapped/dracut --no-hostonly --kver 5.14.0-600.el9.x86_64 --reproducible -v --add ostree -f /usr/lib/modules/5.14.0-600.el9.x86_64/initramfs.img && \\
         if [ -e /usr/lib/modules/5.14.0-600.el9.x86_64/initramfs.img ]; then chmod 0600 /usr/lib/modules/5.14.0-600.el9.x86_64/initramfs.img; fi

     # What no machine should get.
     RUN rpm-ostree cleanup -m && \\
         ostree container commit

     LABEL "ostree.linux"="5.14.0-600.el9.x86_64"
     "
    `);
  });

  test("a bootc base that has dnf only", () => {
    const inputs = imageInputsOf({ packages: { add: ["htop"], remove: ["nano"] } });
    const text = containerfile(inputs, baseFacts("base-fedora-bootc-dnf"), rpmsOf(kernel));
    expect(text).toMatchInlineSnapshot(`
     "# Written by pulumi-immutable-os: Fedora Linux 42 (Container Image) with kernel 6.12.94-200.fc42.x86_64.
     FROM quay.io/fedora/fedora-coreos@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

     # The kernel, all of it.
     RUN --mount=type=bind,source=rpms,target=/run/rpms mkdir -p -m 1777 /var/tmp && \\
         export DRACUT_NO_XATTR=1 TMPDIR=/var/tmp && \\
         dnf -y --setopt=installonlypkgs= --setopt=protect_running_kernel=False install /run/rpms/kernel-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-core-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-modules-6.12.94-200.fc42.x86_64.rpm /run/rpms/kernel-modules-core-6.12.94-200.fc42.x86_64.rpm

     # Packages, from the repositories that the base has.
     RUN dnf -y remove nano && \\
         dnf -y install htop

     # What packages of kernels put where ostree looks for nothing.
     RUN find /boot -mindepth 1 -delete

     # What the replaced kernel and hooks of packages left behind goes; the index of the modules; the checksum for FIPS mode names no folder.
     RUN mkdir -p -m 1777 /var/tmp && \\
         { [ -e /usr/lib/modules/6.14.5-300.fc42.x86_64/vmlinuz ] || rm -rf /usr/lib/modules/6.14.5-300.fc42.x86_64; } && \\
         rm -f /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img && \\
         depmod -a 6.12.94-200.fc42.x86_64 && \\
         if [ -e /usr/lib/modules/6.12.94-200.fc42.x86_64/.vmlinuz.hmac ]; then sed -i 's#  /.*/#  #' /usr/lib/modules/6.12.94-200.fc42.x86_64/.vmlinuz.hmac; fi

     # For any machine, of this kernel, with ostree's own start; never for the builder.
     RUN timeout --kill-after=30 900 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/bin/dracut --no-hostonly --kver 6.12.94-200.fc42.x86_64 --reproducible -v --add ostree -f /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img && \\
         if [ -e /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img ]; then chmod 0600 /usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img; fi

     # What no machine should get.
     RUN dnf clean all && \\
         ostree container commit

     LABEL "ostree.linux"="6.12.94-200.fc42.x86_64"
     "
    `);
  });

  test("a kernel of another name, on rpm-ostree", () => {
    expect(containerfile(rtInputs, baseFacts("base-fcos-42"), rtRpms)).toMatchInlineSnapshot(`
     "# Written by pulumi-immutable-os: Fedora CoreOS 42.20250512.3.0 with kernel 6.12.94-200.rt1.fc42.x86_64.
     FROM quay.io/fedora/fedora-coreos@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

     # The kernel, all of it.
     RUN --mount=type=bind,source=rpms,target=/run/rpms mkdir -p -m 1777 /var/tmp && \\
         export DRACUT_NO_XATTR=1 TMPDIR=/var/tmp && \\
         rpm-ostree override remove kernel kernel-core kernel-modules kernel-modules-core && \\
         rpm-ostree install /run/rpms/kernel-rt-core-6.12.94-200.rt1.fc42.x86_64.rpm /run/rpms/kernel-rt-modules-6.12.94-200.rt1.fc42.x86_64.rpm

     # What packages of kernels put where ostree looks for nothing.
     RUN find /boot -mindepth 1 -delete

     # What the replaced kernel and hooks of packages left behind goes; the index of the modules; the checksum for FIPS mode names no folder.
     RUN mkdir -p -m 1777 /var/tmp && \\
         { [ -e /usr/lib/modules/6.14.0-63.fc42.x86_64/vmlinuz ] || rm -rf /usr/lib/modules/6.14.0-63.fc42.x86_64; } && \\
         rm -f /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/initramfs.img && \\
         depmod -a 6.12.94-200.rt1.fc42.x86_64 && \\
         if [ -e /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/.vmlinuz.hmac ]; then sed -i 's#  /.*/#  #' /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/.vmlinuz.hmac; fi

     # For any machine, of this kernel, with ostree's own start; never for the builder.
     RUN timeout --kill-after=30 900 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/bin/dracut --no-hostonly --kver 6.12.94-200.rt1.fc42.x86_64 --reproducible -v --add ostree -f /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/initramfs.img && \\
         if [ -e /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/initramfs.img ]; then chmod 0600 /usr/lib/modules/6.12.94-200.rt1.fc42.x86_64/initramfs.img; fi

     # What no machine should get.
     RUN rpm-ostree cleanup -m && \\
         ostree container commit

     LABEL "ostree.linux"="6.12.94-200.rt1.fc42.x86_64"
     "
    `);
  });
});
