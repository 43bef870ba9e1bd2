#!/bin/sh
# Stage 10, the workshop: a Debian 13 tree with compiler and headers, where the drivers and the Python
# environment are made.  Nothing of it goes into the product but what later stages take out by name.
. "$(dirname "$0")/common.sh"

tree="$WORK/workshop"
say "10 workshop: Debian 13 with compiler and kernel headers"
debian_tree "$tree" "$HERE/packages-workshop.txt"
kernel=$(kernel_of "$tree")

say "10 workshop: DAHDI for $kernel"
chroot "$tree" dkms autoinstall -k "$kernel" >"$WORK/dkms.log" 2>&1 || fail "DAHDI does not build: $WORK/dkms.log"
for driver in dahdi dahdi_dynamic_loc wcte11xp wcte12xp wcte13xp wcte43x wct4xxp; do
    find "$tree/lib/modules/$kernel/updates" -name "$driver.ko*" | grep -q . ||
        fail "the driver $driver was not built: $WORK/dkms.log"
done
rm -rf "$tree/var/lib/dkms/mok.key" "$tree/var/lib/dkms/mok.pub"

say "10 workshop: Python packages by their hashes"
cp "$SOURCE/requirements.lock" "$tree/tmp/requirements.lock"
mkdir -p "$tree/wheels"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    mkdir -p "$tree/etc/ssl/certs"
    cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
fi
chroot "$tree" python3 -m venv /opt/pip
chroot "$tree" env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    /opt/pip/bin/pip wheel -q --disable-pip-version-check --no-cache-dir --require-hashes -r /tmp/requirements.lock -w /wheels
