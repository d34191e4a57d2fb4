import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { BuildMachine } from "./build-machine";
import { withLogin } from "./login-files";
import type { TagTarget } from "./push";
import type { ImageInputs } from "./schema";
import { writeFile } from "./working-folder";

const deadlineSeconds = 120;

/** Before a build that could not be signed in the end. */
export async function requireCosign(machine: BuildMachine, { sign }: ImageInputs): Promise<void> {
  if (sign === undefined) return;
  const { exitCode } = await machine.run("command -v cosign", { deadlineSeconds: 30 });
  if (exitCode === 0) return;
  throw new HostError("bad-input", {
    what: "sign: the build machine has no cosign",
    expected: "cosign 2 or 3 on its PATH",
    seen: "nothing of that name",
    next: "install cosign there, or leave sign out",
  });
}

export interface SignedImage {
  registry: string;
  repository: string;
  digest: string;
}

/**
 * Signs a digest that is in the registry, and finds the signature there: its digest. In the form that containers' own
 * policies read ("sigstoreSigned" with attachments), and without an entry in the public transparency log, which would
 * tell the world the names of private images.
 */
export async function signImage(
  machine: BuildMachine,
  { sign, registry: login }: Pick<ImageInputs, "sign" | "registry">,
  { registry, repository, digest }: SignedImage,
  target: TagTarget,
): Promise<string> {
  if (sign === undefined) return "";
  const key = sign.privateKey ?? (await readKey(sign.privateKeyPath ?? ""));
  const image = `${registry}/${repository}@${digest}`;
  const { secrets } = machine.folder;
  const script = await withLogin(machine.folder, { registry, repository }, login, (files) => {
    const keyFile = `${secrets}/cosign.key`;
    const settings = [
      // The file of the login alone, under the name that cosign looks for.
      ...(files.authFile === undefined ? [] : [`DOCKER_CONFIG=${quote(`${secrets}/docker`)}`]),
      ...(files.certificates === undefined ? [] : [`SSL_CERT_FILE=${quote(`${files.certificates}/ca.crt`)}`]),
    ];
    return [
      writeFile(keyFile, key),
      ...(files.authFile === undefined
        ? []
        : [
            `mkdir -p ${quote(`${secrets}/docker`)} && ln -sf ../auth.json ${quote(`${secrets}/docker/config.json`)}`,
          ]),
      options,
      // What the user has in the environment would count for more than stdin.
      `printf '%s' ${quote(sign.password ?? "")} | env -u COSIGN_PASSWORD ${settings.join(" ")} cosign sign --key ${quote(keyFile)} --yes $options ${quote(image)}`,
      "code=$?",
      `rm -f ${quote(keyFile)}`,
      "(exit $code)",
    ].join("\n");
  });
  const { exitCode, stderr } = await machine.run(script, { deadlineSeconds });
  const seen = exitCode === 0 ? await target.digestOf(repository, signatureTag(digest)) : undefined;
  if (seen !== undefined) return seen;
  throw new HostError("push-failed", {
    what: `${image} is in the registry, but was not signed`,
    expected: `a signature under the tag ${signatureTag(digest)}`,
    seen: exitCode === 0 ? "cosign ended well, and there is none" : reasonOf(stderr, exitCode),
    next: "see that sign.password opens the key, and that the login may push signatures; then run pulumi up again",
  });
}

/** Versions know different options; one that does not know an option does what the option asks for by itself. */
const options = `help=$(cosign sign --help 2>&1)
options=
for each in tlog-upload new-bundle-format use-signing-config; do
  case $help in *"--$each"*) options="$options --$each=false" ;; esac
done`;

/** Where cosign, and whoever checks, looks for the signatures of a digest. */
function signatureTag(digest: string): string {
  return `${digest.replace(":", "-")}.sig`;
}

function reasonOf(stderr: string, exitCode: number): string {
  const errors = stderr.split("\n").filter((line) => /^error/i.test(line));
  return `exit code ${exitCode}: ${(errors[0] ?? stderr.trim().split("\n").at(-1) ?? "").slice(0, 300)}`;
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path.replace(/^~(?=\/)/, homedir()), "utf8");
  } catch (error) {
    throw new HostError("bad-input", {
      what: `sign.privateKeyPath: ${path} cannot be read`,
      expected: "a private key that cosign generate-key-pair made",
      seen: (error as Error).message,
    });
  }
}
