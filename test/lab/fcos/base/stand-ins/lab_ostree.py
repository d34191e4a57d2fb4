"""The common half of the STAND-INS for rpm-ostree and bootc on a machine: libostree, and the real `ostree container`.

Nothing here pulls, stores or deploys an image by itself."""

import fcntl
import json
import os
import subprocess
import sys
import traceback

import gi

gi.require_version("OSTree", "1.0")
from gi.repository import Gio, GLib, OSTree  # noqa: E402

REPO = "/ostree/repo"
LOCKED = "/run/ostree/staged-deployment-locked"
STATE = "/run/rpm-ostree"
TRANSACTION = STATE + "/lab-transaction"
OWN_NAMESPACE = "LAB_STAND_IN_NAMESPACE"


class Refused(Exception):
    """Ends the command with exit code 1 and this text, as the real ones print it."""


def main(command):
    try:
        sys.exit(command(sys.argv[1:]))
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
    except GLib.Error as error:
        print(f"error: {error.message}", file=sys.stderr)
    except BrokenPipeError:
        pass
    except Exception:
        # Never to be taken for an answer of the real one.
        traceback.print_exc()
        sys.exit(99)
    sys.exit(1)


def split(arguments, flags, valued=()):
    """Options are read before anything is done: one that is ignored could roll a machine back.

    Gives the options, each with the list of its values, and the other arguments."""
    options, others, rest = {}, [], list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return options, others + rest
        if word in ("-h", "--help"):
            print(f"Usage:\n  {os.path.basename(sys.argv[0])} [OPTION…] (a stand-in: the real one says more)")
            sys.exit(0)
        if word == "-" or not word.startswith("-"):
            others.append(word)
        elif name in valued:
            if not equals and not rest:
                raise Refused(f"Missing argument for {name}")
            options.setdefault(name, []).append(value if equals else rest.pop(0))
        elif word in flags:
            options.setdefault(flags[word] if isinstance(flags, dict) else word, []).append(True)
        else:
            raise Refused(f"Unknown option {word}")
    return options, others


def make_writable():
    """As the real ones do: /sysroot and /boot are writable in a mount namespace of one's own."""
    if os.geteuid() != 0:
        raise Refused("This command requires root privileges")
    if OWN_NAMESPACE in os.environ:
        return
    os.environ[OWN_NAMESPACE] = "1"
    remount = 'mount -o remount,rw /sysroot && if mountpoint -q /boot; then mount -o remount,rw /boot; fi && exec "$@"'
    os.execvp("unshare", ["unshare", "--mount", "sh", "-c", remount, "sh", *sys.argv])


def begin_transaction(title):
    """One at a time; who holds the file open has the transaction."""
    os.makedirs(STATE, exist_ok=True)
    file = open(TRANSACTION, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Refused(
            f"Transaction in progress: {active_transaction()[0]}\n"
            " You can cancel the current transaction with `rpm-ostree cancel`"
        )
    file.truncate(0)
    file.write(json.dumps({"title": title, "pid": os.getpid()}))
    file.flush()
    return file


def read_transaction():
    try:
        with open(TRANSACTION) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except OSError:
                return json.load(file)
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def active_transaction():
    """As rpm-ostree shows it on D-Bus: its title, who asked, where its object is."""
    found = read_transaction()
    if found is None:
        return None
    return [found["title"], f":1.{found['pid']}", "/org/projectatomic/rpmostree1/lab"]


def load_sysroot():
    sysroot = OSTree.Sysroot.new_default()
    sysroot.load(None)
    if sysroot.get_booted_deployment() is None:
        raise Refused("This system was not booted via libostree; cannot operate")
    return sysroot


def same(a, b):
    return a is not None and b is not None and a.equal(b)


def origin_string(deployment, group, key):
    try:
        return deployment.get_origin().get_string(group, key)
    except (GLib.Error, AttributeError):
        return None


def image_reference(deployment):
    return origin_string(deployment, "origin", "container-image-reference")


def commit_metadata(sysroot, deployment):
    """Of an image it holds the manifest, its digest and the configuration."""
    _, commit, _ = sysroot.repo().load_commit(deployment.get_csum())
    return commit.get_child_value(0).unpack(), OSTree.commit_get_timestamp(commit)


def image_config(metadata):
    return json.loads(metadata.get("ostree.container.image-config", "{}"))


def image_labels(metadata):
    return image_config(metadata).get("config", {}).get("Labels") or {}


def image_version(metadata):
    labels = image_labels(metadata)
    return labels.get("org.opencontainers.image.version") or labels.get("version")


def run(*command):
    code = subprocess.run(command).returncode
    if code != 0:
        sys.exit(code if 0 < code < 126 else 1)


def pull(reference):
    """Its errors are the real ones, on stderr."""
    run("ostree", "container", "image", "pull", "--quiet", REPO, reference)


def stage(reference):
    """On a booted machine `deploy` stages; the kernel arguments stay."""
    run("ostree", "container", "image", "deploy", "--imgref", reference)


def prune_images():
    run("ostree", "container", "image", "prune-images", "--sysroot", "/", "--full")


def write_deployments(sysroot, deployments):
    # A staged one that is left out is dropped by this, too.
    sysroot.write_deployments(deployments, None)


def bump_mtime():
    os.utime("/ostree/deploy")


def reboot():
    run("systemctl", "reboot")


def origin_merge_deployment(sysroot):
    pending, _ = sysroot.query_deployments_for(sysroot.get_booted_deployment().get_osname())
    return pending or sysroot.get_booted_deployment()


def lock_finalization(locked):
    if locked:
        open(LOCKED, "w").close()
    elif os.path.exists(LOCKED):
        os.unlink(LOCKED)
    bump_mtime()


def end(options, text):
    print(text, flush=True)
    if "reboot" in options:
        reboot()
