import { policyRefusal } from "../../../provider/fcos/signature-policy";

const image = `registry.example.org:5000/team/web@sha256:${"1".repeat(64)}`;
const accept = [{ type: "insecureAcceptAnything" }];
const reject = [{ type: "reject" }];
const signed = [{ type: "sigstoreSigned", keyPath: "/etc/pki/containers/team.pub" }];
const docker = (scopes: object, byDefault: object[] = accept): string =>
  JSON.stringify({ default: byDefault, transports: { docker: scopes } });

describe("an image by its tag's registry alone", () => {
  test.each<[string, string, string | undefined]>([
    [
      "Fedora's policy",
      '{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"registry.access.redhat.com":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release"}]},"docker-daemon":{"":[{"type":"insecureAcceptAnything"}]}}}',
      undefined,
    ],
    ["no policy", "", undefined],
    ["a default that rejects", docker({}, reject), '"reject" at default'],
    ["one of two that rejects", docker({}, [...signed, ...reject]), '"reject" at default'],
    ["a signature that the pull will look at", docker({}, signed), undefined],
    [
      "the registry rejected",
      docker({ "registry.example.org:5000": reject }),
      '"reject" at transports.docker["registry.example.org:5000"]',
    ],
    ["another port rejected", docker({ "registry.example.org": reject }), undefined],
    [
      "the repository allowed in a registry that is rejected",
      docker({ "registry.example.org:5000": reject, "registry.example.org:5000/team/web": accept }),
      undefined,
    ],
    [
      "the path rejected in a registry that is allowed",
      docker({ "registry.example.org:5000": accept, "registry.example.org:5000/team": reject }),
      '"reject" at transports.docker["registry.example.org:5000/team"]',
    ],
    ["a path that only begins alike rejected", docker({ "registry.example.org:5000/te": reject }), undefined],
    [
      "the very image rejected",
      docker({ "registry.example.org:5000/team/web": accept, [image]: reject }),
      `"reject" at transports.docker["${image}"]`,
    ],
    [
      "the domain rejected",
      docker({ "*.example.org": reject }),
      '"reject" at transports.docker["*.example.org"]',
    ],
    ["a domain above rejected", docker({ "*.org": reject, "*.example.org": accept }), undefined],
    ["all of the transport rejected", docker({ "": reject }), '"reject" at transports.docker[""]'],
    ["all but what is named rejected", docker({ "": signed }, reject), undefined],
    [
      "another transport rejected",
      JSON.stringify({ default: accept, transports: { "docker-archive": { "": reject } } }),
      undefined,
    ],
    ["no document", "{default", "the policy is not in the form of containers-policy.json"],
    ["no default", "{}", "the policy is not in the form of containers-policy.json"],
  ])("with %s", (_, policy, refusal) => {
    expect(policyRefusal(policy, image, "unverified-registry")).toBe(refusal);
    expect(policyRefusal(policy, image, "remote-registry")).toBe(refusal);
  });
});

describe("an image whose signature is asked for", () => {
  test.each<[string, string, RegExp | undefined]>([
    [
      "a default that accepts anything, whatever stands for the registry",
      docker({ "": signed }),
      /insecureAcceptAnything/,
    ],
    [
      "a default that rejects, and a key for the registry",
      docker({ "registry.example.org:5000": signed }, reject),
      undefined,
    ],
    ["a default that wants a signature", docker({}, signed), undefined],
    ["no policy", "", /there is no policy/],
    ["the registry rejected", docker({ "": reject }, signed), /"reject" at/],
  ])("with %s", (_, policy, refusal) => {
    const told = policyRefusal(policy, image, "image-signed");
    if (refusal === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(refusal);
  });
});
