#!/bin/sh
# Stage 20, the root: the Debian packages of the box, and of the workshop only the line card's drivers and
# dahdi_cfg (whose own package would bring a compiler along).
. "$(dirname "$0")/common.sh"

tree="$WORK/root"
workshop="$WORK/workshop"
say "20 root: the packages of the box"
debian_tree "$tree" "$HERE/packages.txt"
kernel=$(kernel_of "$tree")
[ "$kernel" = "$(kernel_of "$workshop")" ] ||
    fail "the workshop was made for $(kernel_of "$workshop"), the box has $kernel.  Remove build/image/work."

say "20 root: the line card's drivers"
mkdir -p "$tree/lib/modules/$kernel/updates"
cp -a "$workshop/lib/modules/$kernel/updates/." "$tree/lib/modules/$kernel/updates/"
cp -a "$workshop/usr/sbin/dahdi_cfg" "$workshop/usr/sbin/dahdi_scan" "$tree/usr/sbin/"
chroot "$tree" depmod "$kernel"
chroot "$tree" modinfo -k "$kernel" wcte43x >/dev/null
