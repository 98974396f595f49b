# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# Kernels for scripts/vm: Debian's, downloaded and unpacked outside the tree, and the module built for each. Sourced
# after common.sh; reads image and headers, which name a kernel that is not Debian's.

vm_cache=${XDG_CACHE_HOME:-$HOME/.cache}/sig2pid/vm

# The newest image of a series that apt offers. Old ones vanish from the archive, so no version is written down here.
newest_image() {
    apt-cache pkgnames "linux-image-$1." | grep -E "^linux-image-${1//./\\.}\.[^-]*(-[0-9]+)?-cloud-amd64$" | sort -V | tail -n 1
}

# The image and what its headers are made of. None is installed: the image would be the host's, and the headers want it.
packages_of() {
    local release=${1#linux-image-}
    say "$1" "linux-headers-$release" "linux-headers-${release%-cloud-amd64}-common"
    apt-cache depends "linux-headers-$release" | sed -n 's/^ *Depends: \(linux-kbuild-.*\)/\1/p'
}

download() {
    local -a packages
    mapfile -t packages < <(packages_of "$1" | tr ' ' '\n')
    (cd "$2" && apt-get -q download "${packages[@]}")
}

# An interrupted run leaves no directory that looks complete: it gets its name when it is.
unpack() {
    local release=$1 place=$2 work package build
    work=$(mktemp -d "$vm_cache/unpack-XXXXXX")
    download "linux-image-$release" "$work" || { rm -rf "$work"; return 1; }
    for package in "$work"/*.deb; do dpkg -x "$package" "$work"; done
    rm -f "$work"/*.deb
    build=$work/usr/src/linux-headers-$release
    sed -i "s#^include /usr/src#include $place/usr/src#" "$build/Makefile"
    chmod 755 "$work"
    mv -T "$work" "$place"
}

# Sets kernel_image and kernel_build.
prepare_kernel() {
    local package release place
    if [ -n "$image" ]; then
        kernel_image=$image kernel_build=$headers
        return 0
    fi
    package=$(newest_image "$1")
    if [ -z "$package" ] && can_be_root && step "package lists" apt_get update; then package=$(newest_image "$1"); fi
    [ -n "$package" ] || { complain "apt offers no cloud kernel $1 (Debian 12 has it); is the list of packages there?"; return 1; }
    release=${package#linux-image-}
    place=$vm_cache/$release
    mkdir -p "$vm_cache"
    (
        flock 9
        [ -d "$place" ] || step "vm $1 download" unpack "$release" "$place" ||
            { can_be_root && step "package lists" apt_get update && step "vm $1 download" unpack "$release" "$place"; }
    ) 9>"$vm_cache/lock-$1" || { complain "cannot download $package"; return 1; }
    kernel_image=$place/boot/vmlinuz-$release
    kernel_build=$place/usr/src/linux-headers-$release
}

# In a copy, so that the sources stay as they are. BTF of modules would need pahole, and nothing here reads it.
build_module() {
    local place=$root/build/vm/kmod-$1
    mkdir -p "$place"
    cp -rupT kmod "$place"
    make -C "$place" KDIR="$kernel_build" CONFIG_DEBUG_INFO_BTF_MODULES= W=1 -j "$(nproc)" modules
}
