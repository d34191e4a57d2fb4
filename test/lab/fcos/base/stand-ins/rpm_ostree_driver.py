"""The STAND-IN for rpm-ostree on a machine: the update driver that is registered."""

import os
import re
import subprocess

from lab_ostree import STATE, GLib, Refused, split

DRIVER = STATE + "/update-driver.gv"


def driver():
    try:
        with open(DRIVER, "rb") as file:
            data = GLib.Bytes.new(file.read())
    except FileNotFoundError:
        return None
    return GLib.Variant.new_from_bytes(GLib.VariantType("a{sv}"), data, False).unpack()


def unit_state(unit, what="ActiveState"):
    command = ["systemctl", "show", "--property", what, "--value", unit]
    return subprocess.run(command, text=True, stdout=subprocess.PIPE).stdout.strip()


def refuse_while_driven():
    found = driver()
    if found is None:
        return
    name, unit = found["driver-name"], found["driver-sd-unit"]
    if unit == own_unit() or unit_state(unit) not in ("active", "activating", "reloading"):
        return
    documents = unit_state(unit, "Documentation")
    raise Refused(
        f"Updates and deployments are driven by {name} ({unit})\n"
        f"See {name}'s documentation" + (f" at {documents}" if documents else "") + "\n"
        f"Use --bypass-driver to bypass {name} and perform the operation anyways"
    )


def own_unit():
    with open("/proc/self/cgroup") as file:
        found = re.search(r"/([^/]+\.service)$", file.read().strip().split("\n")[-1])
    return found.group(1) if found else None


def deploy(arguments):
    """Only what Zincati does at its start; deploying a version takes an ostree remote."""
    options, others = split(arguments, {"--bypass-driver": "bypass"}, ("--register-driver",))
    if others != [""] or "--register-driver" not in options:
        raise Refused("Unknown use of the stand-in: only deploy '' --register-driver=NAME")
    if os.geteuid() != 0:
        raise Refused("This command requires root privileges")
    unit = own_unit()
    if unit is None:
        raise Refused("Driver registration failed: Looking up unit for caller: no systemd service")
    os.makedirs(STATE, exist_ok=True)
    values = {"driver-name": GLib.Variant("s", options["--register-driver"][0]), "driver-sd-unit": GLib.Variant("s", unit)}
    with open(DRIVER, "wb") as file:
        file.write(GLib.Variant("a{sv}", values).get_data_as_bytes().get_data())
