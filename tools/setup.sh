#!/bin/sh
# Installs what Yobirin needs: Debian packages, .venv with locked versions, the libpri binding.
# Usage: tools/setup.sh run|test.  Does nothing, quickly, when nothing has changed since last time.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}

case "$what" in
    run) lists="tools/packages-run.txt"; lock=requirements.lock ;;
    test) lists="tools/packages-run.txt tools/packages-test.txt"; lock=requirements-dev.lock ;;
    *) echo "usage: tools/setup.sh run|test" >&2; exit 2 ;;
esac

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=""
for package in $(cat $lists); do
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    case "$status" in ii*) ;; *) missing="$missing $package" ;; esac
done
if [ -n "$missing" ]; then
    echo "setup: installing Debian packages:$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names, one word each
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

[ -x .venv/bin/python ] || { rm -rf .venv; python3 -m venv .venv; }
stamp=".venv/installed-$what-$(cat "$lock" | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
    echo "setup: installing Python packages from $lock"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    touch "$stamp"
fi

suffix=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
built="appliance/pri_card/_libpri$suffix"
if [ ! -e "$built" ] || [ appliance/pri_card/build_libpri.py -nt "$built" ]; then
    echo "setup: building the libpri binding"
    .venv/bin/python -m appliance.pri_card.build_libpri >/dev/null
fi
