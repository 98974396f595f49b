#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: readme.sh SIG2PID README
# The README's example does what the README says: its two commands are read from there and run.
set -euo pipefail
sig2pid=$1 readme=$2
if [ "$(id -u)" != 0 ]; then
    echo "only root may attach to the kernel's events"
    exit 77
fi

PATH=$(dirname "$sig2pid"):$PATH
work=$(mktemp -d)
stop() {
    local pid
    for pid in $(jobs -pr); do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap stop EXIT

# hear DESCRIPTOR TEXT: the next line that contains TEXT.
hear() {
    local line
    while IFS= read -r -t 60 -u "$1" line; do
        printf '%s\n' "$line"
        if [[ $line == *"$2"* ]]; then return 0; fi
    done
    echo "no line with $2"
    return 1
}

mkfifo "$work/recv" "$work/on"
eval "exec $(grep '^sig2pid recv ' "$readme")" >"$work/recv" 2>&1 &
receiver=$!
exec {from_recv}<"$work/recv"
hear "$from_recv" ready
rule=$(grep '^sig2pid on ' "$readme")
eval "exec ${rule//PID_OF_RECV/$receiver}" >"$work/on" 2>&1 &
exec {from_on}<"$work/on"
hear "$from_on" ready

cp /bin/sh "$work/worker"
"$work/worker" -c 'exit 7' || true
got=$(hear "$from_recv" '"value"')
echo "$got"
[[ $got == *'"value":7'* && $got == *'"kernel":true'* ]]
