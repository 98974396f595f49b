#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: needed.sh LIBRARY [SANITIZERS]
# An application that uses libsig2pid loads the C++ runtime and the C library with it, and nothing else.
set -eu
library=$1
if [ -n "${2:-}" ]; then
    echo "the $2 sanitizer adds a runtime library of its own"
    exit 77
fi

needed=$(LC_ALL=C readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || { echo "$library: no NEEDED entries read"; exit 1; }
unexpected=$(echo "$needed" | grep -vE '^(libstdc\+\+|libgcc_s|libm|libc|ld-linux[a-z0-9_-]*)\.so\.[0-9]+$' || true)
[ -z "$unexpected" ] || { echo "$library needs: $unexpected"; exit 1; }
