#!/bin/sh
# Builds build/image/yobirin-installer.iso, by the numbered stages in order.  A stage whose inputs have not changed
# since it last succeeded is left out.  Writes below build/image alone, and to no device.
# Usage: build.sh [relock]      relock: take the archive's present versions into packages.lock
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/.." && pwd)
work="$source/build/image/work"

# Mounts made while building vanish with this process, where the right to make any is there at all.
if [ -z "${YOBIRIN_UNSHARED:-}" ] && unshare -m true 2>/dev/null; then
    YOBIRIN_UNSHARED=1 exec unshare -m --propagation private "$0" "$@"
fi
[ "${1:-}" = relock ] && export YOBIRIN_RELOCK=1
mkdir -p "$work"
exec 9>"$work/lock"
flock 9  # two builds in one tree would mix
cd "$source"
SOURCE_DATE_EPOCH=$(git -c safe.directory="$source" log -1 --format=%ct 2>/dev/null || echo 1735689600)
export SOURCE_DATE_EPOCH

# inputs FILE…: one hash of these files and folders, as git knows them (or may know them soon).
inputs() {
    git -c safe.directory="$source" ls-files -z --cached --others --exclude-standard -- "$@" | sort -zu |
        xargs -0 sha256sum 2>/dev/null | sha256sum | cut -c1-16
}

# stage NAME HASH: run stages/NAME.sh unless it succeeded with this hash.
stage() {
    if [ "$(cat "$work/$1.done" 2>/dev/null)" = "$2" ]; then return; fi
    began=$(date +%s)
    rm -f "$work/$1.done"
    "$here/stages/$1.sh"
    echo "$2" >"$work/$1.done"
    echo "image: $1 took $(($(date +%s) - began)) s"
}

common=image-build/stages/common.sh
workshop=$(inputs $common image-build/stages/10-workshop.sh image-build/packages-workshop.txt requirements.lock)
root=$workshop$(inputs $common image-build/stages/20-root.sh image-build/packages.txt)
product=$workshop$(inputs $common image-build/stages/30-product.sh appliance webui provisioning pyproject.toml)
whole=$root$product$(inputs image-build)${YOBIRIN_RELOCK:-}
stage 10-workshop "$workshop"
stage 20-root "$root"
stage 30-product "$product"
stage 40-configure "$whole"
stage 50-pack "$whole"
stage 60-stick "$whole"
echo "$whole" | sha256sum | cut -c1-16 >"$source/build/image/version"
