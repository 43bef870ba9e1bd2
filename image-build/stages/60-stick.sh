#!/bin/sh
# Stage 60, the stick: one file that BIOS and EFI start from a USB stick, a DVD or a virtual disk, holding the
# installer and everything it installs.  Only a file is written; write-stick.sh puts it on a stick.
. "$(dirname "$0")/common.sh"

stick="$WORK/stick"
say "60 stick"
rm -rf "$stick"
mkdir -p "$stick/boot/grub" "$stick/yobirin"
cp "$WORK"/pack/* "$stick/yobirin/"
cat >"$stick/boot/grub/grub.cfg" <<E2
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=1
menuentry "Yobirin installer" {
    linux /yobirin/vmlinuz boot=yobirin yobirin.system=YOBIRIN-STICK yobirin.installer systemd.unit=yobirin-installer.target $(cat "$WORK/pack/command-line")
    initrd /yobirin/initrd
}
E2
grub-mkrescue --fonts= --locales= --themes= -o "$WORK/yobirin-installer.iso" "$stick" -- -volid YOBIRIN-STICK \
    -volume_date all_file_dates "=$SOURCE_DATE_EPOCH" >"$WORK/stick.log" 2>&1 || fail "the stick could not be made: $WORK/stick.log"
size=$(stat -c %s "$WORK/yobirin-installer.iso")
[ "$size" -le 1500000000 ] || fail "the image is $size bytes; 1.5 GB is the most"
mv "$WORK/yobirin-installer.iso" "$OUT/yobirin-installer.iso"
cp "$WORK"/pack/vmlinuz "$WORK"/pack/initrd "$WORK"/pack/manifest.txt "$OUT/"
say "build/image/yobirin-installer.iso, $((size / 1000000)) MB"
