# One host on this machine: the lab's installer (its sshd, shell and Nix) in namespaces of its own, with an empty
# store in RAM. Nothing of it is left when it ends. loopback-host.sh ROOT PORT AUTHORIZED_KEYS HOST_KEY
exec unshare --mount --pid --fork --kill-child=KILL --propagation private sh -euc '
    for folder in run tmp nix root; do mount -t tmpfs -o mode=755 tmpfs "$1/$folder"; done
    chmod 1777 "$1/tmp"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mkdir "$1/run/sshd"
    cp "$3" "$1/run/authorized_keys"
    install -m 600 "$4" "$1/run/host_key"
    exec chroot "$1" /usr/sbin/sshd -D -e -f none -p "$2" -h /run/host_key -o ListenAddress=127.0.0.1 \
        -o AuthorizedKeysFile=/run/authorized_keys -o PermitRootLogin=prohibit-password -o UsePAM=no
' sh "$@"
