#!/usr/bin/python3
"""A STAND-IN for rpm-ostree on a machine: its command line, its JSON and its words, over libostree and `ostree container`."""

import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, "/usr/libexec/lab-stand-ins")
from lab_ostree import *  # noqa: E402,F403
from rpm_ostree_driver import deploy, refuse_while_driven  # noqa: E402
from rpm_ostree_kargs import kargs  # noqa: E402
from rpm_ostree_status import status  # noqa: E402

TRANSPORTS = (
    "ostree-unverified-registry:",
    "ostree-unverified-image:",
    "ostree-image-signed:",
    "ostree-remote-registry:",
    "ostree-remote-image:",
)
QUEUED = 'Changes queued for next boot. Run "systemctl reboot" to start a reboot'


def rebase(arguments):
    flags = {"-r": "reboot", "--reboot": "reboot", "--bypass-driver": "bypass", "--lock-finalization": "lock"}
    flags |= {"--experimental": "experimental", "--skip-purge": "skip-purge"}
    options, others = split(arguments, flags, ("--custom-origin-url", "--custom-origin-description", "--os"))
    if len(others) > 1:
        raise Refused("Too many arguments")
    if "bypass" not in options:
        refuse_while_driven()
    if not others:
        raise Refused("Must specify refspec, or -b branch or -r remote")
    (reference,) = others
    if not reference.startswith(TRANSPORTS):
        raise Refused(f"Unknown use of the stand-in: it knows images only, not {reference}")
    make_writable()
    transaction = begin_transaction(f"rebase {' '.join(arguments)}")
    if image_reference(origin_merge_deployment(load_sysroot())) == reference:
        raise Refused(f"Old and new refs are equal: {reference}")
    print(f"Pulling manifest: {reference}", flush=True)
    pull(reference)
    lock_finalization(False)
    stage(reference)
    if "lock" in options:
        lock_finalization(True)
    print("Staging deployment...done")
    end(options, QUEUED)
    transaction.close()


def rollback(arguments):
    options, _ = split(arguments, {"-r": "reboot", "--reboot": "reboot"})
    make_writable()
    transaction = begin_transaction("rollback")
    sysroot = load_sysroot()
    booted = sysroot.get_booted_deployment()
    pending, earlier = sysroot.query_deployments_for(booted.get_osname())
    if pending is None and earlier is None:
        raise Refused("No rollback deployment found")
    if pending is not None and pending.is_staged():
        raise Refused("Staged deployment (remove with cleanup -p)")
    # One that was put first already is taken back.
    chosen = earlier or booted
    print(f"Moving '{chosen.get_csum()}.{chosen.get_deployserial()}' to be first deployment")
    old = sysroot.get_deployments()
    if not same(old[0], chosen):
        write_deployments(sysroot, [chosen] + [one for one in old if not same(one, chosen)])
    end(options, QUEUED)
    transaction.close()


def finalize_deployment(arguments):
    flags = {"--allow-missing-checksum": "missing", "--allow-unlocked": "unlocked"}
    options, others = split(arguments, flags)
    if len(others) > 1:
        raise Refused("Too many arguments passed")
    if not others and "missing" not in options:
        raise Refused("Must provide expected CHECKSUM or --allow-missing-checksum")
    if others and "missing" in options:
        raise Refused("Cannot specify both CHECKSUM and --allow-missing-checksum")
    make_writable()
    transaction = begin_transaction(f"finalize-deployment {' '.join(arguments)}")
    first = load_sysroot().get_deployments()[0]
    if not first.is_staged():
        raise Refused("No pending staged deployment found")
    if others and others[0] != first.get_csum():
        raise Refused(f"Expected staged base checksum {others[0]}, but found {first.get_csum()}")
    if not os.path.exists(LOCKED) and "unlocked" not in options:
        raise Refused("Staged deployment already unlocked")
    lock_finalization(False)
    transaction.close()
    reboot()


def cleanup(arguments):
    flags = {"-b": "base", "--base": "base", "-p": "pending", "--pending": "pending"}
    flags |= {"-r": "rollback", "--rollback": "rollback", "-m": "repomd", "--repomd": "repomd"}
    flags |= {"-pr": "both", "-rp": "both"}
    options, _ = split(arguments, flags)
    if not options:
        raise Refused("At least one cleanup option must be specified")
    make_writable()
    transaction = begin_transaction("cleanup")
    if "repomd" in options:
        shutil.rmtree("/var/cache/rpm-ostree", ignore_errors=True)
    sysroot = load_sysroot()
    pending, earlier = sysroot.query_deployments_for(sysroot.get_booted_deployment().get_osname())
    gone = [pending] if "pending" in options or "both" in options else []
    gone += [earlier] if "rollback" in options or "both" in options else []
    old = sysroot.get_deployments()
    # A pinned one stays.
    new = [one for one in old if one.is_pinned() or not any(same(one, other) for other in gone)]
    if len(new) != len(old):
        lock_finalization(False)
        write_deployments(sysroot, new)
    elif gone:
        print("Deployments unchanged.")
    sysroot.cleanup(None)
    prune_images()
    transaction.close()


def cancel(arguments):
    split(arguments, {})
    if os.geteuid() != 0:
        raise Refused("This command requires root privileges")
    found = read_transaction()
    if found is None:
        print("No active transaction.")
        return
    print(f"Cancelling transaction: {found['title']}")
    # The pull is a child of it.
    subprocess.run(["pkill", "-TERM", "-P", str(found["pid"])])
    os.kill(found["pid"], signal.SIGTERM)
    print("Cancelled.")


COMMANDS = {
    "status": status,
    "rebase": rebase,
    "rollback": rollback,
    "cleanup": cleanup,
    "kargs": kargs,
    "deploy": deploy,
    "cancel": cancel,
    "finalize-deployment": finalize_deployment,
}


def rpm_ostree(arguments):
    if not arguments or arguments[0] not in COMMANDS:
        raise Refused(f"Unknown command '{' '.join(arguments[:1])}'")
    return COMMANDS[arguments[0]](arguments[1:])


main(rpm_ostree)
