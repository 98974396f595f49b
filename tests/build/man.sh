#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: man.sh MAN_DIR SIG2PID
# Every man page compiles; the page of each command has the options of its --help, and no others.
set -eu
cd "$1"
sig2pid=$2
status=0

if ! command -v scdoc >/dev/null; then
    echo "needs scdoc"
    exit 77
fi

complain() {
    echo "$*"
    status=1
}

for page in *.scd; do
    scdoc <"$page" >/dev/null || complain "$page: does not compile"
done

options_of_help() { "$sig2pid" "$1" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr ',' '\n' | grep -vxE -e '-h|--help' | sort; }
options_of_page() { sed -n '/^# OPTIONS/,/^# [^O]/p' "$1" | grep '^\*-' | grep -oE '\*--?[a-z-]+\*' | tr -d '*' | sort; }

commands=$("$sig2pid" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || complain "sig2pid --help names no command"
for command in $commands; do
    page=sig2pid-$command.1.scd
    grep -qF "*sig2pid-$command*(1)" sig2pid.1.scd || complain "sig2pid.1.scd: does not name sig2pid-$command(1)"
    if [ ! -e "$page" ]; then
        complain "$page: missing"
    elif [ "$(options_of_help "$command")" != "$(options_of_page "$page")" ]; then
        complain "$page: options differ from --help:" "$(options_of_page "$page" | paste -sd " ")"
    fi
done
exit "$status"
