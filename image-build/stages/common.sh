# What every stage shares: where things are, how a Debian 13 tree is made.  Sourced, never run.
# Refuses to run as anybody but root, and never touches a block device.
set -eu
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

HERE=$(cd "$(dirname "$0")/.." && pwd)
SOURCE=$(cd "$HERE/.." && pwd)
WORK="$SOURCE/build/image/work"
OUT="$SOURCE/build/image"
CACHE="$SOURCE/build/image/cache"
SUITE=trixie
MIRROR=${YOBIRIN_MIRROR:-http://deb.debian.org/debian}
SECURITY_MIRROR=${YOBIRIN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "image: $*"; }
fail() { echo "image: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "this needs root: a Debian tree belongs to root.  Try: sudo make image"

# debian_tree DIRECTORY PACKAGES-FILE: Debian 13 with these packages, without anything recommended.
# Packages come from the archive by its signature; what came is compared with packages.lock in 50-pack.sh.
debian_tree() {
    include=$(grep -v '^#' "$2" | paste -sd,)
    mounts=""
    # Without the right to mount (some CI runners) the tree is made all the same, without /proc in it.
    unshare -m true 2>/dev/null || mounts="--skip=check/canmount,chroot/mount"
    mkdir -p "$CACHE/debs"
    rm -rf --one-file-system "$1"  # never into something that is still mounted below it
    # shellcheck disable=SC2086  # one word or none
    mmdebstrap --quiet --mode=root --variant=minbase --architectures=amd64 $mounts \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "5"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$include" --skip=download/empty --skip=essential/unlink \
        --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
        --setup-hook="sync-in '$CACHE/debs' /var/cache/apt/archives" \
        --customize-hook="sync-out /var/cache/apt/archives '$CACHE/debs'" \
        --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
        "$SUITE" "$1" \
        "deb [signed-by=$KEYRING] $MIRROR $SUITE main" \
        "deb [signed-by=$KEYRING] $MIRROR $SUITE-updates main" \
        "deb [signed-by=$KEYRING] $SECURITY_MIRROR $SUITE-security main"
}

# kernel_of DIRECTORY: the one kernel release in a tree.
kernel_of() {
    set -- "$1"/lib/modules/*
    [ $# = 1 ] && [ -d "$1" ] || fail "there must be one kernel in the tree, not: $*"
    basename "$1"
}
