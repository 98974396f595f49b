// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <cerrno>

// libbpf looks for a weak kernel function that the kernel does not have in the modules too, and to list them needs
// CAP_SYS_ADMIN. Debian's libbpf 1.1 fails there without it, although CAP_BPF and CAP_PERFMON are enough for all we do;
// later ones go on without the modules. The linker (--wrap) brings its call here, to be told the same.
// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
extern "C" {
int __real_bpf_btf_get_next_id(__u32 start, __u32* next);
int __wrap_bpf_btf_get_next_id(__u32 start, __u32* next);

int __wrap_bpf_btf_get_next_id(__u32 start, __u32* next) {
    const int result = __real_bpf_btf_get_next_id(start, next);
    if (result != 0 && errno == EPERM) {
        errno = ENOENT; // the end of the list
        return -ENOENT;
    }
    return result;
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
