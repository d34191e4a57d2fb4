"""The STAND-IN for rpm-ostree on a machine: kernel arguments."""

from lab_ostree import (
    GLib,
    OSTree,
    Refused,
    begin_transaction,
    end,
    load_sysroot,
    lock_finalization,
    make_writable,
    origin_merge_deployment,
    split,
)

KARGS = ("--append", "--append-if-missing", "--delete", "--delete-if-present", "--replace")


def kargs(arguments):
    flags = {"--reboot": "reboot", "--lock-finalization": "lock", "--unchanged-exit-77": "77"}
    options, others = split(arguments, flags, KARGS)
    if others:
        raise Refused(f"Unknown use of the stand-in: kargs {' '.join(others)}")
    if "--delete" in options and "--replace" in options:
        raise Refused("Cannot specify both --delete and --replace")
    changes = [(kind, word) for kind in KARGS for word in options.get(kind, [])]
    if not changes and "reboot" in options:
        raise Refused("Cannot reboot when kernel arguments not changed")
    if not changes:
        print(" ".join(boot_options(load_sysroot())))
        return 0
    make_writable()
    transaction = begin_transaction(f"kargs {' '.join(arguments)}")
    sysroot = load_sysroot()
    source = origin_merge_deployment(sysroot)
    old = [word for word in boot_options(sysroot) if not word.startswith("ostree=")]
    new = changed(old, changes)
    if new == old and all(kind.endswith(("-missing", "-present")) for kind, _ in changes):
        print("No changes.")
        return 77 if "77" in options else 0
    booted = sysroot.get_booted_deployment()
    lock_finalization(False)
    sysroot.stage_tree(booted.get_osname(), source.get_csum(), own_origin(source), booted, new, None)
    if "lock" in options:
        lock_finalization(True)
    print("Staging deployment...done")
    transaction.close()
    end(options, 'Kernel arguments updated.\nRun "systemctl reboot" to start a reboot')
    return 0


def own_origin(deployment):
    """A copy, without what belongs to that one deployment: that it is pinned."""
    origin = GLib.KeyFile()
    text = deployment.get_origin().to_data()[0]
    origin.load_from_data(text, len(text.encode()), GLib.KeyFileFlags.NONE)
    OSTree.Deployment.origin_remove_transient_state(origin)
    return origin


def boot_options(sysroot):
    """Of what boots next; one that was staged without other arguments gets the booted one's."""
    first, booted = origin_merge_deployment(sysroot), sysroot.get_booted_deployment()
    return (first.get_bootconfig().get("options") or booted.get_bootconfig().get("options")).split()


def changed(words, changes):
    words = list(words)
    for kind, word in sorted(changes, key=lambda change: not change[0].startswith("--delete")):
        if kind.startswith("--delete"):
            found = [one for one in words if one == word or ("=" not in word and one.split("=")[0] == word)]
            if len(found) > 1 and word not in found:
                raise Refused(f"Multiple values for key '{word}' found")
            if found:
                words.remove(found[-1])
            elif kind == "--delete":
                raise Refused(f"No karg '{word}' found")
        elif kind == "--replace":
            key, *values = word.split("=")
            old = [one for one in words if one.split("=")[0] == key and (len(values) < 2 or one == f"{key}={values[0]}")]
            if len(old) != 1:
                raise Refused(f"No karg '{word}' found" if not old else f"Multiple values for key '{key}' found")
            words[words.index(old[0])] = f"{key}={values[-1]}"
        elif kind == "--append" or word not in words:
            words.append(word)
    return words
