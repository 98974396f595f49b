// SPDX-License-Identifier: BSD-2-Clause
#include "engine/kernel.hpp"

#include <bpf/btf.h>
#include <cerrno>
#include <memory>
#include <sys/utsname.h>

namespace sig2pid::engine {

namespace {

using Btf = std::unique_ptr<btf, decltype(&btf__free)>;

bool has_function(const btf* types, const char* name) {
    return btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;
}

/// The prototype of a tracepoint's probe; the first parameter is the kernel's own.
const btf_type* tracepoint_prototype(const btf* types, const char* name) {
    const int id = btf__find_by_name_kind(types, name, BTF_KIND_TYPEDEF);
    const btf_type* type = id > 0 ? btf__type_by_id(types, static_cast<__u32>(id)) : nullptr;
    type = type != nullptr ? btf__type_by_id(types, type->type) : nullptr; // pointer
    type = type != nullptr ? btf__type_by_id(types, type->type) : nullptr; // prototype
    return type != nullptr && btf_is_func_proto(type) ? type : nullptr;
}

bool has_parameters(const btf* types, const char* name, unsigned count) {
    const btf_type* prototype = tracepoint_prototype(types, name);
    return prototype != nullptr && btf_vlen(prototype) > count;
}

bool first_is_pointer(const btf* types, const char* name) {
    const btf_type* prototype = tracepoint_prototype(types, name);
    if (prototype == nullptr || btf_vlen(prototype) < 2) {
        return false;
    }
    const btf_type* type = btf__type_by_id(types, btf_params(prototype)[1].type);
    return type != nullptr && btf_is_ptr(type);
}

bool pid_has_inode(const btf* types) {
    const int id = btf__find_by_name_kind(types, "pid", BTF_KIND_STRUCT);
    const btf_type* type = id > 0 ? btf__type_by_id(types, static_cast<__u32>(id)) : nullptr;
    for (int i = 0; type != nullptr && i < btf_vlen(type); i++) {
        const btf_member& member = btf_members(type)[i];
        const std::string_view name = btf__name_by_offset(types, member.name_off);
        const btf_type* inner = btf__type_by_id(types, member.type);
        const bool nested = name.empty() && btf_is_struct(inner) && btf_vlen(inner) > 0 &&
                            std::string_view(btf__name_by_offset(types, btf_members(inner)[0].name_off)) == "ino";
        if (name == "ino" || nested) {
            return true;
        }
    }
    return false;
}

Result<KernelFeatures> read_features() {
    const Btf types(btf__load_vmlinux_btf(), &btf__free);
    if (!types) {
        return failure(
            ENOENT, "btf__load_vmlinux_btf",
            "the kernel's type information /sys/kernel/btf/vmlinux cannot be read: events need a kernel built "
            "with CONFIG_DEBUG_INFO_BTF");
    }
    const btf* kernel = types.get();
    KernelFeatures features;
    features.send_signal_task = has_function(kernel, "bpf_send_signal_task");
    features.task_work_is_impl = has_function(kernel, "bpf_task_work_schedule_signal_impl");
    features.task_work = features.task_work_is_impl || has_function(kernel, "bpf_task_work_schedule_signal");
    features.pin_task = has_function(kernel, "bpf_task_acquire") && has_function(kernel, "bpf_task_from_vpid");
    features.exit_has_group_dead = has_parameters(kernel, "btf_trace_sched_process_exit", 2);
    features.oom_victim_is_task = first_is_pointer(kernel, "btf_trace_mark_victim");
    features.pidfs = pid_has_inode(kernel);
    return features;
}

} // namespace

/// A kernel does not change under a process, and to read 5 MB of its types takes some milliseconds.
Result<KernelFeatures> KernelFeatures::read() {
    static const Result<KernelFeatures> features = read_features();
    return features;
}

std::string kernel_release() {
    utsname names = {};
    return uname(&names) == 0 ? names.release : "unknown";
}

} // namespace sig2pid::engine
