#!/bin/sh
# Stand-in for the script that disko generates (its legacy diskoScript): wipes, formats and mounts, and never asks.
# It uses the installer's tools, as disko would use those of its closure.

# destroy: like disko's, it goes on when something cannot be unmounted
umount -Rv /mnt || :
wipefs --all --force @disk@-part* @disk@ 2>/dev/null
sgdisk --zap-all @disk@

# create
set -efux
sgdisk --clear @disk@
@createPartitions@
partprobe @disk@
udevadm trigger --subsystem-match=block
udevadm settle --timeout 120
@format@

# mount
@mount@
