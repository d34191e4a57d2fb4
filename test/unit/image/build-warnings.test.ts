import { harmlessWarnings, knownFailure, warningsOf } from "../../../provider/image/build-warnings";

/** Lines that a build on the lab's base said, which booted afterwards. */
const recorded = `STEP 8/12: RUN timeout --kill-after=30 900 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/bin/dracut
dracut: Executing: /usr/bin/dracut --no-hostonly --kver 6.12.107+deb13-cloud-amd64 --reproducible -v --add ostree
dracut: dracut module 'mksh' will not be installed, because command 'mksh' could not be found!
dracut: dracut module 'systemd-coredump' will not be installed, because command 'coredumpctl' could not be found!
dracut: 62bluetooth: Could not find any command of '/usr/lib/bluetooth/bluetoothd /usr/libexec/bluetooth/bluetoothd'!
dracut: *** Including module: systemd ***
dracut-install: ERROR: installing '/root'
dracut: FAILED: /usr/lib/dracut/dracut-install -D /var/tmp/dracut.NQH8PW/initramfs /root
dracut: Could not find 'strip'. Not stripping the initramfs.
dracut: lrwxrwxrwx   1 root     root           22 Jan  1  1970 usr/lib/x86_64-linux-gnu/libgpg-error.so.0 -> libgpg-error.so.0.33.1
dracut: -rw-r--r--   1 root     root       157768 Jan  1  1970 usr/lib/x86_64-linux-gnu/libgpg-error.so.0.33.1
COMMIT localhost/lay`;

test("what such a build always says is told apart", () => {
  expect(warningsOf(recorded)).toEqual({ harmless: 6, others: [] });
});

test("what it does not always say is told, each line once", () => {
  const log = `${recorded}
dracut-install: ERROR: installing '/usr/bin/less'
dracut: FAILED: /usr/lib/dracut/dracut-install -D /var/tmp/dracut.mOkitk/initramfs -a /usr/bin/less
dracut-install: ERROR: installing '/usr/bin/less'
modprobe: FATAL: Module x not found: no such file
depmod: ERROR: could not open directory /lib/modules/6.1.0-50: No such file or directory`;
  expect(warningsOf(log)).toEqual({
    harmless: 6,
    others: [
      "dracut-install: ERROR: installing '/usr/bin/less'",
      "dracut: FAILED: /usr/lib/dracut/dracut-install -D /var/tmp/dracut.mOkitk/initramfs -a /usr/bin/less",
      "modprobe: FATAL: Module x not found: no such file",
      "depmod: ERROR: could not open directory /lib/modules/6.1.0-50: No such file or directory",
    ],
  });
});

test.each([
  "Installing perl-Error-0.17029-18.fc42.noarch",
  "Upgraded:",
  "STEP 3/6: RUN test -e /x || echo error",
  "  libgpg-error-1.50-2.fc42.x86_64",
  "/usr/share/man/man3/error.3.gz",
  "all is well",
])("no warning: %s", (line) => expect(warningsOf(line)).toEqual({ harmless: 0, others: [] }));

test.each([
  "warning: /run/rpms/kernel-core.rpm: Header V4 RSA/SHA256 Signature, key ID 105ef944: NOKEY",
  "Failed to connect to bus: No such file or directory",
  "dracut[W]: No '/dev/log' or 'logger' included for syslog logging: warning",
  'dracut: Possible missing firmware "ast_dp501_fw.bin" for kernel module "ast.ko.xz"; could not find',
  "error: rpm-ostree kernel-install wrapper: Running dracut: Invalid cross-device link (os error 18)",
  "cp: failed to set security.selinux: Operation not permitted",
])("harmless: %s", (line) => expect(warningsOf(line)).toEqual({ harmless: 1, others: [] }));

test("each one says why nobody needs to look at it", () => {
  for (const { reason } of harmlessWarnings) expect(reason.length).toBeGreaterThan(10);
});

test.each([
  ["cliwrap: Continuing execution in 5 seconds", "dracut is a wrapper of rpm-ostree that calls itself"],
  [
    "assertion failed (packages->len == 0): (2 == 0)",
    "rpm-ostree cannot replace a package by the very version",
  ],
  ["exec /bin/sh: exec format error", "the builder cannot run programs of the image's architecture"],
  ["write /var/tmp/x: No space left on device", "the builder has no space left"],
  ["error: Could not depsolve transaction; 1 problem detected:", "the packages do not fit together"],
  ["error: Packages not found: htopp", "the base's repositories do not have a package"],
  [
    "Curl error (6): Could not resolve host: mirrors.example.org",
    "the build could not reach a package repository",
  ],
])("a build that says %j", (line, what) => expect(knownFailure(`a\n${line}\nb`, 1)?.what).toContain(what));

describe("the time limit of dracut", () => {
  const step =
    "STEP 4/6: RUN timeout --kill-after=30 900 env DRACUT_NO_XATTR=1 TMPDIR=/var/tmp /usr/bin/dracut --no-hostonly";
  const late = "dracut did not end within its time";

  test.each([
    ["the command's own exit code", step, 124, late],
    ["the tool's words", `${step}\nError: building at STEP "RUN timeout": exit status 124`, 125, late],
    ["a kill", step, 137, "dracut was killed, at the end of its time or for want of memory"],
  ])("by %s", (_, log, exitCode, what) => {
    expect(knownFailure(log, exitCode)).toEqual({
      what,
      next: expect.stringContaining("dracut.timeoutSeconds"),
    });
  });

  test("is not that of a step of the program", () => {
    expect(knownFailure(`${step}\nSTEP 5/6: RUN timeout 5 sleep 9`, 124)).toBeUndefined();
    expect(knownFailure(step, 1)).toBeUndefined();
  });
});
