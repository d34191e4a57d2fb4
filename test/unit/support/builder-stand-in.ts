// A stand-in for buildah: it answers what was recorded of a real one, or what a test wants to happen, and writes down how it was called.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labKernel, looksFolder } from "./image-looks";

export const imageId = "1".repeat(64);
export const pushedDigest = `sha256:${"2".repeat(64)}`;

export interface BuilderStandIn {
  folder: string;
  /** One line a call: the words after the program's name. */
  calls: () => string[];
  /** Shell text that is run instead of the usual answer to a command: `build`, `look`, `push`, … */
  on: (command: string, script: string) => void;
  /** What is left of the working containers. */
  containers: () => string[];
  remove: () => void;
}

/** First on PATH until it is removed; the working folder of a build lies in its own. */
export function builderStandIn(tool = "buildah"): BuilderStandIn {
  const folder = mkdtempSync(join(tmpdir(), "builder-stand-in-"));
  const path = join(folder, tool);
  writeFileSync(path, program(folder));
  chmodSync(path, 0o755);
  writeFileSync(join(folder, "containers"), "");
  const before = { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"] };
  Object.assign(process.env, { PATH: `${folder}:${before.PATH}`, TMPDIR: folder });
  const lines = (name: string): string[] =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1) : [];
  return {
    folder,
    calls: () => lines("calls"),
    on: (command, script) => writeFileSync(join(folder, `on-${command}`), script),
    containers: () => lines("containers"),
    remove: () => {
      process.env["PATH"] = before.PATH;
      if (before.TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before.TMPDIR;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function program(home: string): string {
  return `#!/bin/sh
# A stand-in for buildah.
home=${home}
printf '%s\\n' "$*" >> $home/calls
what=$1 from= digestfile=
for each; do
  case $each in
    --file=look/*) what=look ;;
    --from=*) from=$each ;;
    --digestfile=*) digestfile=\${each#*=} ;;
  esac
done
[ ! -e $home/on-$what ] || . $home/on-$what
case $what in
  --version) echo "buildah version 1.28.2 (a stand-in)" ;;
  pull) echo "Copying blob sha256:0123456789abcdef" >&2; echo ${imageId} ;;
  tag) ;;
  look) case $from in *-base) cat ${looksFolder}/lab-base.txt ;; *) cat ${looksFolder}/lab-good.txt ;; esac ;;
  build) echo "STEP 1/2: FROM x"; echo "STEP 2/2: RUN y"; cp -r context $home/seen ;;
  inspect) echo '{"FromImageID": "${imageId}", "OCIv1": {"architecture": "amd64", "config": {"Labels": {"containers.bootc": "1", "ostree.bootable": "true", "ostree.linux": "${labKernel}"}}}}' ;;
  push) printf '%s' ${pushedDigest} > "$digestfile" ;;
  containers) cat $home/containers ;;
  rm) grep -vx "$2" $home/containers > $home/rest; mv $home/rest $home/containers ;;
  rmi) ;;
  *) echo "the stand-in for buildah does not know: $*" >&2; exit 125 ;;
esac
`;
}
