/**
 * Nix calls a path valid before its files are on the disk: its database is flushed (`fsync-metadata`), the files are
 * not (`fsync-store-paths` is off by default, and new in Nix 2.25: NixOS/nix#7126, #11457). A power cut then leaves
 * valid paths whose files are empty. `nix copy` skips them, and an empty switch-to-configuration ends with 0.
 *
 * To verify a closure reads all of it, and a run that was not cut has no need of it. So a mark on the disk, with the
 * boot_id, stands from before the first byte of a copy until all of it was flushed. A mark of another boot says that
 * the machine went down in between; only then is it verified what came into the store since the mark. In an install
 * there is no such thing: after a power cut it begins anew, with disko.
 */
const mark = "/var/lib/pulumi-immutable-os/unflushed";
const bootId = "/proc/sys/kernel/random/boot_id";

/** Shell test: the machine went down before a copy was flushed. */
export const wentDownInCopy = `[ -e ${mark} ] && [ "$(cat ${mark})" != "$(cat ${bootId})" ]`;

/** Shell text, before the running system's store is written. The mark of a copy that only its client left stays. */
export const beginCopy = `set -e
mkdir -p "$(dirname ${mark})"
[ ! -e ${mark} ] || exit 0
cat ${bootId} > ${mark}
sync ${mark} 2>/dev/null || sync`;

/** Shell text, once the store was written and before anything relies on it: a path in use cannot be replaced. */
export const flushStore = `sync
rm -f ${mark}`;

/**
 * Nix repairs a valid path only from a substituter, which need not have it, so a broken one is deleted, with what
 * refers to it, and copied anew. It is not in use: nothing is made a root before the flush. If it were, Nix refuses.
 */
export const deleteBroken = `set -e
new=$(find /nix/store -mindepth 1 -maxdepth 1 -cnewer ${mark})
broken=$(for path in $new; do
  if nix-store --check-validity "$path" 2>/dev/null && ! nix-store --verify-path "$path" >&2; then echo "$path"; fi
done)
if [ -n "$broken" ]; then
  removed=$(nix-store --query --referrers-closure $broken)
  nix-store --delete --option keep-derivations false $removed
fi
# Where even the folder is missing, this makes the path invalid; of older damage it only speaks.
nix-store --verify || :
${flushStore}`;
