#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing for building, testing and measuring: Debian packages (tools/packages.txt, and packages.txt
# in each loop's, client's and logging system's folder) and Python packages: in build/venv (tools/requirements.txt) and
# build/crossbar (tools/requirements-crossbar.txt). Does nothing if nothing is missing. With CI=true nothing may be skipped.
# Usage: tools/setup.sh [debian|docs [REGEX]]. debian: Debian packages only, except those whose line in the list matches
# REGEX. docs: instead, what the site needs, with the same exception: docs/packages.txt and, in build/docs/venv,
# docs/requirements.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
unwanted=${2:-^$}
lists=(tools/packages.txt loops/*/packages.txt clients/*/packages.txt logging/packages.txt logging/connections/*/packages.txt)
[[ ${1:-} != docs ]] || lists=(docs/packages.txt)

# left_out WHAT WHY: says so and goes on; in CI that is a failure.
left_out() {
    echo "setup: left out: $1" >&2
    echo "setup: because:  $2" >&2
    if [[ ${CI:-} == true ]]; then
        echo "setup: CI=true, so this is a failure." >&2
        exit 1
    fi
}

# missing_packages KIND: the names of one kind, `needed` or `extra`, that are not installed.
missing_packages() {
    local name
    cat "${lists[@]}" 2>/dev/null |
        grep -Ev "$unwanted" | awk -v kind="$1" '$2 == kind { print $1 }' | sort -u | while read -r name; do
        dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

install_packages() {
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || return 1
        as_root=(sudo)
    fi
    # RUNLEVEL=1 keeps packages from starting a service, except under systemd.
    local settings=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" "${settings[@]}" apt-get install -y -qq --no-install-recommends "$@"
}

debian_packages() {
    if ! command -v dpkg-query >/dev/null; then
        left_out "Debian packages" "this is not Debian or a relative; tools/packages.txt lists what to install by hand"
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages needed; missing_packages extra)
    ((${#missing[@]})) || return 0
    echo "setup: installing ${missing[*]}"
    # One unavailable package would prevent the others from being installed, so after a failure each is tried alone.
    install_packages "${missing[@]}" || {
        local name
        for name in "${missing[@]}"; do install_packages "$name" || true; done
    }
    mapfile -t missing < <(missing_packages extra)
    ((${#missing[@]} == 0)) || left_out "${missing[*]}" "apt-get could not install it (root or sudo? network?)"
    mapfile -t missing < <(missing_packages needed)
    ((${#missing[@]} == 0)) && return
    echo "setup: cannot continue without: ${missing[*]}. As root: apt-get install ${missing[*]}" >&2
    exit 1
}

# python_packages VENV REQUIREMENTS WHAT: WHAT says what they are for.
python_packages() {
    local venv=$1 requirements=$2 what=$3 wanted
    local stamp=$venv/setup.stamp
    wanted=$(sha256sum "$requirements")
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return
    echo "setup: Python packages into $venv"
    if ! python3 -m venv "$venv"; then
        left_out "$venv ($what)" "python3 -m venv does not work here"
    elif ! "$venv/bin/python" -m pip install -q --retries 1 -r "$requirements"; then
        left_out "Python packages of $requirements ($what)" \
            "pip could not get them (its words are above); most likely no package index was reached"
    else
        echo "$wanted" >"$stamp"
    fi
}

# The WAMP router of the tests and of the demonstration. --no-compile: most of it is never imported.
crossbar() {
    local venv=build/crossbar stamp=build/crossbar/setup.stamp wanted
    [[ -d clients/wamp ]] || return 0
    wanted=$(sha256sum tools/requirements-crossbar.txt)
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return
    echo "setup: Crossbar into $venv"
    if ! python3 -m venv --without-pip "$venv"; then
        left_out "$venv (tests with a WAMP router)" "python3 -m venv does not work here"
    elif ! build/venv/bin/python -m pip --python "$venv/bin/python" install -q --no-compile --no-deps --retries 1 \
        -r tools/requirements-crossbar.txt; then
        left_out "Crossbar (tests with a WAMP router)" \
            "pip could not get it (its words are above); most likely no package index was reached"
    else
        echo "$wanted" >"$stamp"
    fi
}

debian_packages
case ${1:-} in
debian) ;;
docs) python_packages build/docs/venv docs/requirements.txt site ;;
*)
    python_packages build/venv tools/requirements.txt plots
    crossbar
    ;;
esac
