# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# The Debian packages the project is built, tested and checked with: the one list. Sourced, not run.

packages_build=(
    g++ cmake ninja-build pkg-config
    clang-19 llvm-19 bpftool libbpf-dev libelf-dev zlib1g-dev
    libpcre2-dev libcli11-dev libfmt-dev nlohmann-json3-dev libasio-dev
)
packages_test=(
    "${packages_build[@]}"
    libgtest-dev libbenchmark-dev libclang-rt-19-dev lld-19
    scdoc procps psmisc util-linux
)
packages_vm=(
    "${packages_test[@]}"
    qemu-system-x86 busybox-static cpio make gcc-12
)
packages_lint=(
    "${packages_test[@]}"
    clang-tidy-19 clang-format-19 shellcheck
)
