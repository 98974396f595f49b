#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: links.sh SOURCE_DIR
# Every relative link and every scripts/ command in the documents names a file that is there.
set -eu
cd "$1"
status=0

missing() {
    echo "$1: names $2, which does not exist"
    status=1
}

for page in *.md docs/*.md docs/design/*.md; do
    [ -e "$page" ] || continue
    for link in $(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -vE '^[a-z]+:' || true); do
        [ -e "$(dirname "$page")/$link" ] || missing "$page" "$link"
    done
    for script in $(grep -oE '(^|[^a-z/])scripts/[a-z]+' "$page" | grep -oE 'scripts/[a-z]+' | sort -u || true); do
        [ -e "$script" ] || missing "$page" "$script"
    done
done
exit "$status"
