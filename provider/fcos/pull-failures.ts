/** The tools' own words, and what helps. They differ between versions: a part of them is enough. */
const known: readonly [RegExp, string][] = [
  [
    /authentication required|unauthorized|access to the resource is denied|denied:/i,
    "give registry.username and registry.password of a user who may read the image",
  ],
  [
    /certificate signed by unknown authority|certificate verify failed/i,
    "give the registry's authority in registry.certificateAuthority",
  ],
  [
    /manifest unknown|not found: manifest|name unknown/i,
    "the registry does not hold this digest: build and push the image again",
  ],
  [
    /No space left on device|min-free-space/i,
    "make room on the machine (`rpm-ostree cleanup -rbm`; unpin what is not needed)",
  ],
  [
    /Source image rejected|A signature was required|signature/i,
    "sign the image with a key that /etc/containers/policy.json on the machine trusts, or take another transport",
  ],
  [
    /No ostree\.final-diffid|Missing ostree\.final-diffid|not an ostree encapsulated|does not have ostree\.bootable/i,
    "the image is no bootable ostree image: derive it from one, without squashing its layers",
  ],
  [/Image has architecture/i, "build the image for this machine's architecture"],
  [
    /no such host|connection refused|TLS handshake timeout|i\/o timeout|network is unreachable/i,
    "let the machine reach the registry",
  ],
  [/Transaction in progress/i, "wait for the end of the transaction on the host (`rpm-ostree status`)"],
  [/driven by/i, 'end what updates the machine, or set updateDriver: "mask"'],
  [
    /Old and new refs are equal|Image specification is unchanged/i,
    "look at `rpm-ostree status` on the host: what it calls this image has another digest or was changed there",
  ],
];

export function howToPull(output: string): string {
  const found = known.find(([words]) => words.test(output))?.[1] ?? "correct what the log shows";
  return `${found}; then run pulumi up again`;
}
