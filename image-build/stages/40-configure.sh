#!/bin/sh
# Stage 40, the configuration: root/ laid over the tree, users, what systemd starts, the initial RAM disk.
# Nothing secret and nothing personal stays: no password, no key, no machine-id, no host name.
. "$(dirname "$0")/common.sh"

tree="$WORK/box"
say "40 configuration"
rm -rf --one-file-system "$tree"
cp -a "$WORK/root" "$tree"
cp -a "$WORK/product/opt/yobirin" "$tree/opt/yobirin"
ln -s /opt/yobirin/bin/yobirin "$tree/usr/bin/yobirin"
cp -a --no-preserve=ownership "$HERE/root/." "$tree/"
mkdir -p "$tree/usr/lib/yobirin/boards" "$tree/data"
cp "$HERE"/boards/*.toml "$tree/usr/lib/yobirin/boards/"
ln -s /data/yobirin "$tree/var/lib/yobirin"
cp "$HERE/initrd/initramfs.conf" "$tree/etc/initramfs-tools/conf.d/yobirin"
cp "$HERE/initrd/hooks/yobirin" "$tree/etc/initramfs-tools/hooks/yobirin"
cp "$HERE/initrd/scripts/yobirin" "$tree/etc/initramfs-tools/scripts/yobirin"
printf 'HOMEHOST <ignore>\nAUTO +all\nDEVICE partitions\nMAILADDR root\n' >"$tree/etc/mdadm/mdadm.conf"

# The only lasting files are on the data partition; these three are written by the network and the clock.
ln -sf /run/yobirin/resolv.conf "$tree/etc/resolv.conf"
ln -sf /usr/share/zoneinfo/Asia/Tokyo "$tree/etc/localtime"
printf 'LANG=C.UTF-8\n' >"$tree/etc/locale.conf"
printf 'yobirin\n' >"$tree/etc/hostname"
printf '127.0.0.1 localhost yobirin\n::1 localhost\n' >"$tree/etc/hosts"
: >"$tree/etc/fstab"  # /tmp is systemd's own tmp.mount; no generator reads this

chroot "$tree" sh -eu <<'IN'
mkdir -p /etc/sysusers.d
/opt/yobirin/bin/yobirin prepare --sysusers >/etc/sysusers.d/yobirin.conf
systemd-sysusers
# The monitor reads the disks' health; nobody else may start this program.
chgrp yobirin-monitor /usr/sbin/smartctl
chmod 0750 /usr/sbin/smartctl
systemctl -q enable nftables yobirin-board yobirin-data
systemctl -q set-default multi-user.target
# Started by yobirin.target when the data partition is open, or never.
systemctl -q disable systemd-networkd nginx chrony nagios-nrpe-server
systemctl -q mask getty@.service serial-getty@.service console-getty.service autovt@.service getty.target \
    systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service man-db.timer rpcbind.service rpcbind.socket nfs-client.target \
    nfs-blkmap.service rpc-statd.service mdmonitor.service mdmonitor-oneshot.timer fstrim.timer smartmontools.service ctrl-alt-del.target
# What systemd makes ready at each start for programs that a box has not: each costs a real start some time.
systemctl -q mask sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    dev-hugepages.mount dev-mqueue.mount systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-pstore.service \
    modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service \
    systemd-random-seed.service systemd-udev-load-credentials.service systemd-user-sessions.service \
    systemd-remount-fs.service systemd-networkd-persistent-storage.service systemd-initctl.socket \
    systemd-hostnamed.socket systemd-creds.socket systemd-sysext.socket systemd-ask-password-console.path \
    systemd-ask-password-wall.path
# Generators look for what a box never has: other partitions, serial log-ins, a TPM, System V scripts.
mkdir -p /etc/systemd/system-generators /etc/udev/rules.d
for path in /usr/lib/systemd/system-generators/*; do
    ln -s /dev/null "/etc/systemd/system-generators/${path##*/}"
done
# nfs-common asks for the read-ahead of every block device at each start; a share is mounted long after.
ln -s /dev/null /etc/udev/rules.d/99-nfs.rules
passwd -q -l root
IN
# One date for every file (stage 50) makes Debian's compiled Python look stale: each start would compile the
# standard library anew, and could not keep it.  Compiled files that do not ask for the date have no such trouble.
chroot "$tree" python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3 /usr/lib/python3.13 ||
    fail "Python's own library does not compile"
setcap cap_sys_rawio,cap_sys_admin,cap_dac_read_search+ep "$tree/usr/sbin/smartctl"
chroot "$tree" update-initramfs -c -k "$(kernel_of "$tree")" >"$WORK/initramfs.log" 2>&1 ||
    fail "no initial RAM disk: $WORK/initramfs.log"

rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/* "$tree"/var/log/* "$tree"/tmp/* "$tree"/run/* \
    "$tree"/var/lib/systemd/random-seed "$tree"/etc/ssh/ssh_host_* "$tree"/var/lib/dbus/machine-id \
    "$tree"/etc/hostid "$tree"/etc/apt/sources.list.d/* "$tree"/var/lib/dpkg/*-old "$tree"/etc/*- \
    "$tree"/etc/.pwd.lock "$tree"/var/backups/*
mkdir -p "$tree/var/cache/nginx" "$tree/var/log/nginx"
: >"$tree/etc/machine-id"
# All that systemd does once after an update of /usr was done here: it need not be done at every start.
for place in etc var; do
    printf 'TIMESTAMP_NSEC=%s000000000\n' "$SOURCE_DATE_EPOCH" >"$tree/$place/.updated"
done
