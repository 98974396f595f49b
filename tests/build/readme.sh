#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: readme.sh SIG2PID SOURCE_DIR
# The README does what it says: its commands are read from there and run, and the live part of scripts/demo.
set -euo pipefail
sig2pid=$1 source=$2 readme=$2/README.md
if [ "$(id -u)" != 0 ]; then
    echo "only root may attach to the kernel's events"
    exit 77
fi

if ! "$sig2pid" doctor --json | grep '"rung direct","state":"good"' >/dev/null; then # all is read: a broken pipe is an error
    echo "the README shows the rung direct, which needs Linux 6.13, this is $(uname -r)"
    exit 77
fi

PATH=$(dirname "$sig2pid"):$PATH
work=$(mktemp -d)
cd "$work"
stop() {
    local pid
    for pid in $(jobs -pr); do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap stop EXIT

# command_of_readme TEXT: the one line of the README that begins so.
command_of_readme() {
    local lines
    lines=$(grep "^$1" "$readme")
    [ "$(wc -l <<<"$lines")" = 1 ] || { echo "not one line begins with '$1'"; return 1; }
    printf '%s\n' "$lines"
}

# hear DESCRIPTOR TEXT: the lines up to one that contains TEXT.
hear() {
    local line
    while IFS= read -r -t 20 -u "$1" line; do
        printf '%s\n' "$line"
        if [[ $line == *"$2"* ]]; then return 0; fi
    done
    echo "no line with $2"
    return 1
}

run_example() {
    local receive rule worker receiver from_recv from_on got
    receive=$(command_of_readme 'sig2pid recv ')
    rule=$(command_of_readme 'sig2pid on ')
    worker=$(command_of_readme 'cp /bin/sh worker')
    mkfifo recv on
    eval "exec $receive" >recv 2>&1 &
    receiver=$!
    exec {from_recv}<recv
    hear "$from_recv" ready
    eval "exec ${rule//PID_OF_RECV/$receiver}" >on 2>&1 &
    exec {from_on}<on
    hear "$from_on" ready
    eval "$worker" || true
    got=$(hear "$from_recv" '"value"')
    echo "$got"
    [[ $got == *'"value":7'* && $got == *'"kernel":true'* ]]
    got=$(hear "$from_on" 'matched 1, ')
    echo "$got"
    [[ $got == *'delivered (direct)'* && $got == *'delivered 1 (direct 1), lost 0'* ]]
}

run_stop_and_wait() {
    local got
    got=$(bash -c "$(command_of_readme 'sleep 600 &')"$'\n'"$(command_of_readme 'sig2pid stop ')" 2>&1)
    echo "$got"
    [[ $got == *'killed by SIGTERM'* && $(grep -c 'killed by' <<<"$got") == 2 ]]
    got=$(bash -c "$(command_of_readme "sh -c 'sleep 1; exit 3'")" 2>&1)
    echo "$got"
    [[ $got == *'exited with 3' ]]
}

run_find() {
    local got find
    find=$(command_of_readme '\$ sig2pid find name:sleep')
    sleep 600 & sleep 600 &
    until [ "$(jobs -pr | wc -l)" -ge 2 ] && [ "$(pgrep -cx sleep)" -ge 2 ]; do sleep 0.01; done
    got=$(bash -c "${find#\$ }")
    echo "$got"
    [[ $got == PID*TOKEN*USER*STATE*AGE*NAME*SIGTERM* ]]
    for pid in $(jobs -pr); do grep -qE "^$pid +$pid:[0-9]+:[0-9a-f]{8} +root +S +[0-9]+s +sleep +ends$" <<<"$got"; done
}

# The manual shows the same commands as the README.
compare_with_manual() {
    local command
    for command in 'sleep 600 &' 'sig2pid stop --step TERM@0s --step KILL@2s' "sh -c 'sleep 1; exit 3'"; do
        command=$(command_of_readme "$command")
        grep -hF -- "$command" "$source"/docs/man/sig2pid-{stop,wait}.1.scd >/dev/null || { echo "not in the manual: $command"; return 1; }
    done
}

run_demo() {
    local shown
    mkdir -p "$source/build/demo"
    shown=$("$source/scripts/lib/show-events" "$(realpath --relative-to="$source" "$sig2pid")")
    echo "$shown"
    [[ $shown == *'from event to signal: '*' µs, with value 7'* ]]
}

run_example
run_stop_and_wait
run_find
compare_with_manual
run_demo
