#!/bin/sh
# Called by udhcpc at every event of the lease, with what it says in the environment.
# shellcheck disable=SC2154 # all of it
case $1 in
bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface"
    ;;
esac
