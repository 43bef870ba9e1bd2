#!/bin/sh
# Writes the installer to one USB stick, named: write-stick.sh --device /dev/sdX.  Asks for the name once more.
# Refuses a disk that is mounted, or in use by a mirror.
set -eu
image="$(cd "$(dirname "$0")/.." && pwd)/build/image/yobirin-installer.iso"
fail() { echo "write-stick: $*" >&2; exit 2; }
[ "${1:-}" = --device ] && [ $# = 2 ] || fail "usage: write-stick.sh --device /dev/sdX"
[ -s "$image" ] || fail "there is no image yet; run: make image"
[ -b "$2" ] || fail "$2 is not a block device"
[ "$(lsblk -dno TYPE "$2")" = disk ] || fail "$2 is not a whole disk"
lsblk -nro MOUNTPOINT "$2" | grep -q . && fail "$2 is mounted"
lsblk -nro TYPE "$2" | grep -q '^raid' && fail "$2 belongs to a mirror"
lsblk -o NAME,SIZE,MODEL,TRAN,LABEL "$2"
printf 'Everything on %s will be lost.  Type  %s  to go on: ' "$2" "$2"
read -r typed
[ "$typed" = "$2" ] || fail "nothing was written"
dd if="$image" of="$2" bs=4M conv=fsync status=progress
echo "Written.  The stick starts the installer under BIOS and EFI."
