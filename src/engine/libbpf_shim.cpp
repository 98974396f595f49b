// SPDX-License-Identifier: BSD-2-Clause
// What the linker (--wrap) turns away from libbpf to here. The names are the linker's.
#include "engine/type_subset.hpp"

#include <bpf/bpf.h>
#include <cerrno>

namespace sig2pid::engine {
namespace {

thread_local const TypeSubset* active_subset = nullptr;

bool calls_kernel_function(const bpf_insn& instruction) {
    return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_KFUNC_CALL;
}

/// The program as the kernel must have it: libbpf numbered the functions after the subset.
std::vector<bpf_insn> renumber(std::span<const bpf_insn> instructions) {
    std::vector<bpf_insn> all(instructions.begin(), instructions.end());
    for (bpf_insn& each : all) {
        if (calls_kernel_function(each) && each.imm > 0) {
            each.imm = static_cast<__s32>(active_subset->number_in_kernel(static_cast<TypeId>(each.imm)));
        }
    }
    return all;
}

} // namespace

UseSubset::UseSubset(const TypeSubset& of) {
    active_subset = &of;
}

UseSubset::~UseSubset() {
    active_subset = nullptr;
}

} // namespace sig2pid::engine

// libbpf looks for a weak kernel function that the kernel does not have in the modules too, and to list them needs
// CAP_SYS_ADMIN. Debian's libbpf 1.1 fails there without it, although CAP_BPF and CAP_PERFMON are enough for all we do;
// later ones go on without the modules. So it is told that there are none.
//
// Then it reads all types of the kernel, and searches them for each type of the program: 15 ms that a subset spares.
// Its option for a BTF of one's own (btf_custom_path) does not serve programs that attach by type, nor kernel
// functions. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
extern "C" {
struct btf* __real_btf__load_vmlinux_btf();
struct btf* __wrap_btf__load_vmlinux_btf();
int __real_bpf_prog_load(bpf_prog_type type, const char* name, const char* license, const bpf_insn* instructions,
                         size_t count, bpf_prog_load_opts* options);
int __wrap_bpf_prog_load(bpf_prog_type type, const char* name, const char* license, const bpf_insn* instructions,
                         size_t count, bpf_prog_load_opts* options);
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

struct btf* __wrap_btf__load_vmlinux_btf() {
    using namespace sig2pid::engine;
    return active_subset == nullptr
               ? __real_btf__load_vmlinux_btf()
               : btf__new(active_subset->data().data(), static_cast<__u32>(active_subset->data().size()));
}

int __wrap_bpf_prog_load(bpf_prog_type type, const char* name, const char* license, const bpf_insn* instructions,
                         size_t count, bpf_prog_load_opts* options) {
    using namespace sig2pid::engine;
    if (active_subset == nullptr || options == nullptr) {
        return __real_bpf_prog_load(type, name, license, instructions, count, options);
    }
    const std::vector<bpf_insn> renumbered = renumber({instructions, count});
    bpf_prog_load_opts known = *options;
    known.attach_btf_id = active_subset->number_in_kernel(options->attach_btf_id);
    return __real_bpf_prog_load(type, name, license, renumbered.data(), renumbered.size(), &known);
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
