import { quote } from "../shell";

/** What a machine has of its own, as Ignition would have written it: mounts, the key of its user, the way to the registry. */
export function ownFiles(publicKey: string, registryAddress: string): string {
  return [
    // As Fedora CoreOS mounts it: whoever writes there has to remount it for himself.
    `echo 'LABEL=boot /boot ext4 ro,nosuid,nodev 0 0' > "$etc/fstab"`,
    `install -d -o 1000 -g 1000 -m 700 "$var/home/core" "$var/home/core/.ssh"`,
    `install -o 1000 -g 1000 -m 600 /dev/stdin "$var/home/core/.ssh/authorized_keys" <<< ${quote(publicKey)}`,
    ...registryForwarder(registryAddress),
  ].join("\n");
}

/** The registry is 127.0.0.1:PORT for whoever builds; on the machine the same name leads to the same registry. */
function registryForwarder(address: string): string[] {
  const port = address.split(":")[1];
  const units = '"$etc/systemd/system"';
  return [
    `mkdir -p ${units}/sockets.target.wants`,
    `printf '[Socket]\\nListenStream=127.0.0.1:${port}\\n' > ${units}/lab-registry.socket`,
    `printf '[Service]\\nExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.2:${port}\\n' > ${units}/lab-registry.service`,
    `ln -sf ../lab-registry.socket ${units}/sockets.target.wants/`,
  ];
}
