# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the scripts share: packages, root, quiet steps. Sourced after `set -euo pipefail`; sets root and changes to it.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 3
# bpftool and ldconfig live there, and a user's PATH on Debian has neither.
PATH=$PATH:/usr/sbin:/sbin
logs=$root/build/logs
mkdir -p "$logs"

say() { printf '%s\n' "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    complain "$*"
    exit 3
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# True where as_root will not have to ask anything.
can_be_root() { is_root || { have sudo && sudo -n true 2>/dev/null; }; }

as_root() {
    if is_root; then
        "$@"
    else
        sudo -n -- "$@"
    fi
}

# step NAME COMMAND...: runs COMMAND in silence, with a progress line if somebody watches; on failure shows what it said.
# The output stays in build/logs, and in build/logs/steps how long each took.
step() {
    local name=$1 log status=0 ticker='' began=$EPOCHSECONDS
    shift
    log=$logs/${name//[^a-zA-Z0-9]/-}.log
    if [ -t 2 ]; then
        progress "$name" "$log" &
        ticker=$!
    fi
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ -n "$ticker" ]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        printf '\r\033[K' >&2
    fi
    printf '%d s\t%s\n' $((EPOCHSECONDS - began)) "$name" >>"$logs/steps"
    if [ "$status" != 0 ]; then
        complain "$name failed ($status); the end of $log:"
        tail -n 40 "$log" >&2
    fi
    return "$status"
}

# Rewrites one line on the terminal each second: what runs, for how long, and ninja's or ctest's own counter if there is one.
progress() {
    local counter
    SECONDS=0
    while :; do
        counter=$(tail -c 4096 "$2" 2>/dev/null | grep -oE '^\[[0-9]+/[0-9]+\]|^ *[0-9]+/[0-9]+ ' | tail -n 1 || true)
        printf '\r\033[K%s: %d s %s' "$1" "$SECONDS" "$counter" >&2
        sleep 1
    done
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install PACKAGE...: what of these is missing, and nothing when nothing is.
install() {
    local package missing=()
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    have apt-get || die "needs these Debian packages, and there is no apt-get: ${missing[*]}"
    can_be_root || die "these packages are missing, and only root can install them (run as root, or \`sudo -v\` first): ${missing[*]}"
    step "package lists" apt_get update || die "cannot read the package lists"
    step "packages" apt_get install "${missing[@]}" || die "cannot install: ${missing[*]}"
}

apt_get() {
    local verb=$1
    shift
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$verb" \
        ${1:+--no-install-recommends} "$@"
}

# Files of the project that match the patterns: those git knows, or all there are where there is no git.
project_files() {
    if have git && git -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1; then
        git -c safe.directory='*' ls-files -- "$@"
    else
        find . -path ./build -prune -o -path ./.git -prune -o -type f -printf '%P\n' | match "$@"
    fi
}

# Keeps of the paths read those that match one of the shell patterns, as git's pathspec does.
match() {
    local path pattern
    while read -r path; do
        for pattern; do
            # shellcheck disable=SC2053
            [[ $path == $pattern ]] && say "$path" && break
        done
    done
    return 0
}
