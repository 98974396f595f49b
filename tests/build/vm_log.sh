#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: vm_log.sh SCRIPTS_LIB
# What scripts/vm makes of a guest's log: only one that came to its end, with its code, in peace, counts as passed.
set -eu
lib=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# verdicts CODE: of the log in standard input.
verdicts() {
    awk -v kernel=6.1 -v code="$1" -v good=33 -f "$lib/vm-junit.awk" >"$dir/results.xml"
    awk -v failures="$dir/failures" -f "$lib/junit.awk" "$dir/results.xml" | tr '\t' ' ' | sed 's/ *$//' | tr '\n' ';'
}

expect() {
    got=$(verdicts "$1")
    [ "$got" = "$2" ] || { echo "expected $2, got $got"; exit 1; }
}

expect 33 'passed one;failed two;skipped three no <BTF> here;passed linux-6.1;' <<'LOG'
SeaBIOS
@begin one
@end one 0
@begin two
it says & dies
@end two 137
@begin three
no <BTF> here
@end three 77
@done
LOG

panic='@begin one
Kernel panic - not syncing: Oops
'
expect 0 'failed one;failed linux-6.1;' <<LOG
$panic
LOG
expect 124 'failed one;failed linux-6.1;' <<LOG
@begin one
LOG
expect 0 'passed one;failed linux-6.1;' <<LOG
@begin one
@end one 0
@done
LOG
expect 33 'passed one;failed linux-6.1;' <<LOG
@begin one
@end one 0
LOG
expect 33 'passed one;failed linux-6.1;' <<LOG
@begin one
[    9.1] WARNING: CPU: 0 PID: 1 at kernel/signal.c
@end one 0
@done
LOG
