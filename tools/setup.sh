#!/bin/sh
# Installs what Yobirin needs: Debian packages, .venv with locked versions, the libpri binding.
# Usage: tools/setup.sh run|test|image|guides.  Does nothing, quickly, when nothing has changed since last time.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}

case "$what" in
    run) lists="tools/packages-run.txt"; lock=requirements.lock ;;
    test) lists="tools/packages-run.txt tools/packages-test.txt"; lock=requirements-dev.lock ;;
    image) lists="tools/packages-run.txt tools/packages-image.txt"; lock=requirements-dev.lock ;;
    guides) lists="tools/packages-run.txt tools/packages-test.txt tools/packages-guides.txt"; lock=requirements-dev.lock ;;
    *) echo "usage: tools/setup.sh run|test|image|guides" >&2; exit 2 ;;
esac

fail() { echo "setup: $*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=""
for package in $(cat $lists); do
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    case "$status" in ii*) ;; *) missing="$missing $package" ;; esac
done
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || fail "this is not Debian: it has no apt-get.  Use Debian 12 or 13."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "Debian packages are missing and there is no sudo.  As root: apt-get install$missing"
    echo "setup: installing Debian packages:$missing"
    # A broken third-party source must not stop us while Debian's own packages can be had.
    as_root apt-get update -qq || echo "setup: apt-get update failed; going on with the lists there are" >&2
    # shellcheck disable=SC2086  # a list of package names, one word each
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        fail "apt-get could not install them; its own message is above.  Repeat when that is mended."
fi

# pip comes last into a new .venv: without it, or with another Python's (Debian was upgraded), begin again.
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ ! -x ".venv/bin/python$version" ] || [ ! -x ".venv/bin/pip$version" ]; then
    rm -rf .venv
    python3 -m venv .venv
fi
stamp() { echo ".venv/installed-$1-$(sha256sum <"$2" | cut -c1-16)"; }
if [ ! -e "$(stamp "$what" "$lock")" ]; then
    echo "setup: installing Python packages from $lock"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    touch "$(stamp "$what" "$lock")"
    # The tests' lock holds all of the other: `make run` after `make test` needs no network.
    touch "$(stamp run requirements.lock)"
fi
ln -sf ../../tools/yobirin .venv/bin/yobirin

suffix=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
built="appliance/pri_card/_libpri$suffix"
if [ ! -e "$built" ] || [ appliance/pri_card/build_libpri.py -nt "$built" ]; then
    echo "setup: building the libpri binding"
    .venv/bin/python -m appliance.pri_card.build_libpri >/dev/null
fi
