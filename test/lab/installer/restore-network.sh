#!/bin/bash
# Stand-in for nixos-images' restore-network: gives the interfaces, found by MAC, the addresses and routes that were
# set by hand, and lets each of them ask for a lease for as long as it takes. An old system that had lost its carrier
# when it was left has no address to hand on; and the link may come later than the installer.
ip link set lo up

interface_with_mac() {
    ip --json link | jq -r --arg mac "$1" '.[] | select(.address == $mac) | .ifname'
}

jq -r '.[] | select(.link_type == "ether") | "\(.ifname) \(.address)"' /iproute2/addrs.json |
while read -r former mac; do
    name=$(interface_with_mac "$mac")
    [ -n "$name" ] || continue
    ip link set "$name" up
    jq -r --arg former "$former" '.[] | select(.ifname == $former) | .addr_info[]
        | select(.scope == "global" and (.dynamic | not)) | "\(.local)/\(.prefixlen)"' /iproute2/addrs.json |
    while read -r address; do ip address add "$address" dev "$name"; done
    # Routes to a network come before those through a gateway in it.
    for routes in /iproute2/routes-v4.json /iproute2/routes-v6.json; do
        jq -r --arg former "$former" '[.[] | select(.dev == $former and (.protocol | IN("kernel", "dhcp", "ra") | not))]
            | sort_by(has("gateway"))[] | "\(.dst) \(if .gateway then "via \(.gateway)" else "" end)"' "$routes" |
        while read -r destination via; do ip route replace "$destination" $via dev "$name"; done
    done
    busybox udhcpc -f -i "$name" -s /etc/take-lease -T 1 -A 2 < /dev/null > /dev/null 2>&1 &
done
