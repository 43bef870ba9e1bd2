#!/bin/sh
# Stage 50, packing: kernel, initial RAM disk, the root as a squashfs, and the manifest of every package and version.
. "$(dirname "$0")/common.sh"

tree="$WORK/box"
kernel=$(kernel_of "$tree")
pack="$WORK/pack"
say "50 packing"
rm -rf "$pack"
mkdir -p "$pack"
cp "$tree/boot/vmlinuz-$kernel" "$pack/vmlinuz"
cp "$tree/boot/initrd.img-$kernel" "$pack/initrd"
# rootfstype: the RAM disk as ramfs, whose freed pages the kernel keeps for itself; in a tmpfs they are the first
# that programs get, and an emulator must throw away what it translated on each of them (7 s).
# lsm: no policy is loaded for the others; BPF's alone costs systemd a second at each start.
echo "rootfstype=ramfs lsm=landlock,lockdown,yama,apparmor systemd.show_status=auto console=tty0 console=ttyS0,115200n8 loglevel=4 panic=10" >"$pack/command-line"

packages() { dpkg-query --admindir="$tree/var/lib/dpkg" -W -f '${binary:Package} ${Version}\n' | sort; }
from_workshop() {
    dpkg-query --admindir="$WORK/workshop/var/lib/dpkg" -W -f '${binary:Package} ${Version}\n' \
        dahdi dahdi-dkms dahdi-linux libpri-dev | sort
}
{
    echo "# Yobirin disk image: every package and version.  The same inputs give the same manifest."
    echo "# kernel $kernel"
    echo "# --- Debian packages"
    packages
    echo "# --- taken from these packages, which themselves are not installed"
    from_workshop
    echo "# --- Python packages in /opt/yobirin"
    sort "$WORK/product/python-packages.txt"
} >"$pack/manifest.txt"

# The archive moves on; a build that no longer gets the locked versions says so and stops.
lock="$HERE/packages.lock"
{ packages; from_workshop; } >"$WORK/packages.lock"
if [ -n "${YOBIRIN_RELOCK:-}" ] || [ ! -e "$lock" ]; then
    cp "$WORK/packages.lock" "$lock"
    say "50 packing: wrote packages.lock"
elif ! diff "$lock" "$WORK/packages.lock" >"$WORK/packages.diff"; then
    cat "$WORK/packages.diff" >&2
    fail "the archive gives other versions than packages.lock.  Build from a mirror of that day
  (YOBIRIN_MIRROR=https://snapshot.debian.org/archive/debian/DATE), or look at the difference above and take
  the new ones with: make image ARGS=relock"
fi

mkdir -p "$tree/usr/share/yobirin"
cp "$pack/manifest.txt" "$tree/usr/share/yobirin/manifest.txt"
env -u SOURCE_DATE_EPOCH mksquashfs "$tree" "$pack/root.squashfs" -noappend -quiet -no-progress -comp zstd -Xcompression-level 9 \
    -all-time "$SOURCE_DATE_EPOCH" -mkfs-time "$SOURCE_DATE_EPOCH" -wildcards -e "proc/*" "sys/*" "dev/*" "boot/*" "run/*"
