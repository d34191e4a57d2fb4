import {
  formatReference,
  isDigest,
  parseReference,
  referenceProblem,
  repositoryProblem,
  tagProblem,
} from "../../../provider/core/image-reference";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

test.each<[string, object]>([
  [
    "quay.io/fedora/fedora-coreos:stable",
    { registry: "quay.io", repository: "fedora/fedora-coreos", tag: "stable" },
  ],
  [`quay.io/a@${digest}`, { registry: "quay.io", repository: "a", digest }],
  [
    `127.0.0.1:5000/a/b_c/d__e/f--g:1.0_x-y@${digest}`,
    { registry: "127.0.0.1:5000", tag: "1.0_x-y", digest },
  ],
  ["localhost/x", { registry: "localhost", repository: "x" }],
  ["registry:5000/x", { registry: "registry:5000", repository: "x" }],
  ["[::1]:5000/x", { registry: "[::1]:5000", repository: "x" }],
  ["docker.io/library/fedora", { registry: "docker.io", repository: "library/fedora" }],
])("%s", (text, expected) => {
  const reference = parseReference(text);
  expect(reference).toMatchObject(expected);
  expect(reference && formatReference(reference)).toBe(text);
  expect(referenceProblem(text)).toBeUndefined();
});

const form = /^must be "registry\/repository", with ":tag" or "@sha256:<64 lower-case hexadecimal digits>"/;

test.each<[string, RegExp]>([
  ["fedora/fedora-coreos:stable", /^must be a full name: .*write docker\.io\/fedora\/fedora-coreos:stable$/],
  ["nginx", /write docker\.io\/library\/nginx$/],
  ["docker.io/nginx:1", /write docker\.io\/library\/nginx:1$/],
  ["docker://quay.io/a/b", /; write quay\.io\/a\/b$/],
  ["ostree-image-signed:docker://quay.io/a:1", /; write quay\.io\/a:1$/],
  ["https://quay.io/a", /; write quay\.io\/a$/],
  ["quay.io/A", form],
  ["quay.io/a:", form],
  ["quay.io/a:-x", form],
  [`quay.io/a:${"x".repeat(129)}`, form],
  ["quay.io/a@sha256:abc", form],
  [`quay.io/a@${digest.toUpperCase()}`, form],
  ["quay.io/a//b", form],
  ["quay.io/-a", form],
  ["quay.io/a b", form],
  ["quay.io/a\n", form],
  ["quay.io/", form],
  ["", form],
  ["quay.io:0/a", form],
  ["quay.io:65536/a", form],
  [`quay.io/${"a".repeat(256)}`, form],
])("%j is refused", (text, problem) => {
  expect(parseReference(text)).toBeUndefined();
  expect(referenceProblem(text)).toMatch(problem);
});

test.each<[string, string | undefined]>([
  ["quay.io/a/b", undefined],
  ["quay.io/a/b:1", "must have no tag and no digest: quay.io/a/b"],
  [`quay.io/a/b@${digest}`, "must have no tag and no digest: quay.io/a/b"],
  ["quay.io/A", 'must be "registry/repository"'],
  ["https://quay.io/a", 'must be "registry/repository"; write quay.io/a'],
])("repository %s: %s", (text, problem) => expect(repositoryProblem(text)).toBe(problem));

test.each<[string, boolean]>([
  ["v1.0_x-y", true],
  ["_", true],
  ["x".repeat(128), true],
  ["x".repeat(129), false],
  ["-x", false],
  [".x", false],
  ["a b", false],
  ["a\n", false],
  ["", false],
])("tag %j: %s", (text, isRight) => expect(tagProblem(text) === undefined).toBe(isRight));

test("a digest is whole, and in lower case", () => {
  expect([digest, digest.slice(0, -1), `${digest}\n`, digest.toUpperCase()].map(isDigest)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
