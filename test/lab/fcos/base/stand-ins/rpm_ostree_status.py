"""The STAND-IN for rpm-ostree on a machine: what `status` shows."""

import json
import os
import re

from lab_ostree import (
    LOCKED,
    OSTree,
    active_transaction,
    commit_metadata,
    image_reference,
    image_version,
    load_sysroot,
    origin_string,
    same,
    split,
)
from rpm_ostree_driver import driver, unit_state


def describe(sysroot, deployment):
    metadata, timestamp = commit_metadata(sysroot, deployment)
    checksum, serial, name = deployment.get_csum(), deployment.get_deployserial(), deployment.get_osname()
    entry = {
        "id": f"{name}-{checksum}.{serial}",
        "osname": name,
        "checksum": checksum,
        "serial": serial,
        "timestamp": timestamp,
        "booted": same(deployment, sysroot.get_booted_deployment()),
        "staged": deployment.is_staged(),
        "pinned": deployment.is_pinned(),
        "unlocked": OSTree.Deployment.unlocked_state_to_string(deployment.get_unlocked()),
        "base-commit-meta": metadata,
        **layering(deployment),
    }
    if deployment.is_staged() and os.path.exists(LOCKED):
        entry["finalization-locked"] = True
    reference = image_reference(deployment)
    version = image_version(metadata) or metadata.get("version")
    if version:
        entry["version"] = version
    if reference:
        entry["container-image-reference"] = reference
        entry["container-image-reference-digest"] = metadata.get("ostree.manifest-digest")
        custom = [origin_string(deployment, "origin", f"custom-{key}") for key in ("url", "description")]
        if all(custom):
            entry["custom-origin"] = custom
    else:
        entry["origin"] = origin_string(deployment, "origin", "refspec") or ""
        entry["gpg-enabled"] = False
    return entry


def layering(deployment):
    """What was asked for is kept in the origin file; what came of it in the commit, which the stand-in does not make."""
    asked = {
        "requested-packages": ("packages", "requested"),
        "requested-local-packages": ("packages", "requested-local"),
        "requested-local-fileoverride-packages": ("packages", "requested-local-fileoverride"),
        "requested-base-removals": ("overrides", "remove"),
        "requested-base-local-replacements": ("overrides", "replace-local"),
    }
    entry = {}
    for key, (group, name) in asked.items():
        entry[key] = [word for word in (origin_string(deployment, group, name) or "").split(";") if word]
    removed, replaced = entry["requested-base-removals"], entry["requested-base-local-replacements"]
    entry["packages"] = entry["requested-packages"]
    entry["base-removals"] = [nevra(word) for word in removed]
    entry["base-local-replacements"] = [[nevra(word), nevra(word)] for word in replaced]
    entry["base-remote-replacements"] = {}
    entry["regenerate-initramfs"] = origin_string(deployment, "rpmostree", "regenerate-initramfs") == "true"
    files = [word for word in (origin_string(deployment, "rpmostree", "initramfs-etc") or "").split(";") if word]
    if files:
        entry["initramfs-etc"] = files
    return entry


def nevra(word):
    return [word, re.split(r"-\d", word)[0], 0, "1", "1", "x86_64"]


def status(arguments):
    options, _ = split(arguments, {"--json": "json", "--booted": "booted", "-b": "booted", "-v": "v", "--verbose": "v"})
    sysroot = load_sysroot()
    entries = [describe(sysroot, deployment) for deployment in sysroot.get_deployments()]
    if "booted" in options:
        entries = [entry for entry in entries if entry["booted"]]
    if "json" in options:
        document = {
            "deployments": entries,
            "transaction": active_transaction(),
            "cached-update": None,
            "update-driver": driver(),
        }
        print(json.dumps(document, indent=2))
        return
    transaction = active_transaction()
    print(f"State: {'busy' if transaction else 'idle'}")
    if driver():
        print(f"AutomaticUpdatesDriver: {driver()['driver-name']}\n  DriverState: {unit_state(driver()['driver-sd-unit'])}")
    if transaction:
        print(f"Transaction: {transaction[0]}")
    print("BootedDeployment:" if "booted" in options else "Deployments:")
    for entry in entries:
        print(("● " if entry["booted"] else "  ") + entry.get("container-image-reference", entry["checksum"]))
        if "container-image-reference-digest" in entry:
            print(f"                   Digest: {entry['container-image-reference-digest']}")
        print(f"                  Version: {entry.get('version', '')}\n")
