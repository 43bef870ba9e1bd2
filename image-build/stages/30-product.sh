#!/bin/bash
# Stage 30, the product: our wheel, its locked dependencies and the libpri binding in /opt/yobirin, made in the
# workshop for Debian 13's Python and carried over whole.
. "$(dirname "$0")/common.sh"

workshop="$WORK/workshop"
tree="$WORK/product"
say "30 product: /opt/yobirin"
rm -rf --one-file-system "$tree" "$workshop/opt/yobirin" "$workshop/source"
mkdir -p "$workshop/source" "$tree/opt"
(cd "$SOURCE" && git -c safe.directory="$SOURCE" ls-files -z --cached --others --exclude-standard -- appliance webui provisioning pyproject.toml README.md LICENSE |
    while IFS= read -r -d '' name; do [ -e "$name" ] && printf '%s\0' "$name"; done |
    tar --null -T - -cf -) | tar -C "$workshop/source" -xf -
chroot "$workshop" env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL sh -eu <<'IN'
# The dependencies change seldom: they are installed once a workshop, and copied.
if [ ! -e /opt/dependencies/done ]; then
    rm -rf /opt/dependencies
    python3 -m venv /opt/yobirin
    /opt/yobirin/bin/python -m pip -q --disable-pip-version-check install --no-index --no-compile --no-deps /wheels/*.whl
    mv /opt/yobirin /opt/dependencies
    touch /opt/dependencies/done
fi
cp -a /opt/dependencies /opt/yobirin
rm /opt/yobirin/done
pip="/opt/yobirin/bin/python -m pip -q --disable-pip-version-check"
cd /source
/usr/bin/python3 -c 'from setuptools import build_meta; import os; os.makedirs("/source/dist", exist_ok=True); print(build_meta.build_wheel("/source/dist"))' >/source/wheel.log 2>&1 ||
    { tail -n 5 /source/wheel.log; exit 1; }
$pip install --no-index --no-compile --no-deps /source/dist/yobirin-*.whl
cd /
/opt/yobirin/bin/python -m appliance.pri_card.build_libpri
$pip list --format=freeze --exclude pip >/source/python-packages.txt
$pip uninstall -y pip
# Compiled files that depend on nothing but their source: the same input gives the same image.
/opt/yobirin/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/yobirin/lib || true
IN
cp "$workshop/source/python-packages.txt" "$tree/python-packages.txt"
cp -a "$workshop/opt/yobirin" "$tree/opt/yobirin"
