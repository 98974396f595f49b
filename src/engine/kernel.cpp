// SPDX-License-Identifier: BSD-2-Clause
#include "engine/kernel.hpp"

#include "engine/kernel_types.hpp"

#include <algorithm>
#include <sys/utsname.h>

namespace sig2pid::engine {

namespace {

/// The prototype of a tracepoint's probe; the first parameter is the kernel's own.
const btf_type* tracepoint_prototype(const KernelTypes& types, TypeId tracepoint) {
    const btf_type* type = types.type(tracepoint);
    type = type != nullptr ? types.type(type->type) : nullptr; // pointer
    type = type != nullptr ? types.type(type->type) : nullptr; // prototype
    return type != nullptr && btf_is_func_proto(type) ? type : nullptr;
}

bool has_parameters(const btf_type* prototype, unsigned count) {
    return prototype != nullptr && btf_vlen(prototype) > count;
}

bool first_is_pointer(const KernelTypes& types, const btf_type* prototype) {
    const btf_type* first = has_parameters(prototype, 1) ? types.type(btf_params(prototype)[1].type) : nullptr;
    return first != nullptr && btf_is_ptr(first);
}

/// Also as the first member of an anonymous struct or union.
bool has_member(const KernelTypes& types, const btf_type* type, std::string_view wanted) {
    const auto is_wanted = [&](const btf_member& member) { return types.text(member.name_off) == wanted; };
    for (const btf_member& member : std::span(btf_members(type), btf_vlen(type))) {
        const btf_type* inner = member.name_off == 0 ? types.type(member.type) : nullptr;
        const bool nested =
            inner != nullptr && btf_is_composite(inner) && btf_vlen(inner) > 0 && is_wanted(*btf_members(inner));
        if (nested || is_wanted(member)) {
            return true;
        }
    }
    return false;
}

/// All in one pass over the kernel's types.
class Search {
public:
    Search(const KernelTypes& types, std::initializer_list<std::string_view> names) : types_(types) {
        NameSet set;
        for (const std::string_view name : names) {
            set.add(name);
        }
        found_ = types.find(set);
    }

    [[nodiscard]] TypeId operator()(std::string_view name, int kind) const {
        const auto is_it = [&](TypeId id) {
            return btf_kind(types_.type(id)) == kind && types_.name(*types_.type(id)) == name;
        };
        const auto place = std::ranges::find_if(found_, is_it);
        return place != found_.end() ? *place : 0;
    }

private:
    const KernelTypes& types_;
    std::vector<TypeId> found_;
};

KernelFeatures features_of(const KernelTypes& types) {
    const Search find(types,
                      {"bpf_send_signal_task", "bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_signal",
                       "bpf_task_acquire", "bpf_task_from_vpid", "bpf_iter_task_new", "bpf_rdonly_cast",
                       "btf_trace_sched_process_exit", "btf_trace_mark_victim", "pid", "task_struct"});
    const auto has_function = [&](std::string_view name) { return find(name, BTF_KIND_FUNC) != 0; };
    const auto prototype = [&](std::string_view name) {
        return tracepoint_prototype(types, find(name, BTF_KIND_TYPEDEF));
    };
    const btf_type* pid = types.type(find("pid", BTF_KIND_STRUCT));
    KernelFeatures features;
    features.send_signal_task = has_function("bpf_send_signal_task");
    features.task_work_is_impl = has_function("bpf_task_work_schedule_signal_impl");
    features.task_work = features.task_work_is_impl || has_function("bpf_task_work_schedule_signal");
    features.cast = has_function("bpf_rdonly_cast");
    features.pin_task = has_function("bpf_task_acquire") && has_function("bpf_task_from_vpid");
    features.task_iterator = has_function("bpf_iter_task_new");
    features.exit_has_group_dead = has_parameters(prototype("btf_trace_sched_process_exit"), 2);
    features.oom_victim_is_task = first_is_pointer(types, prototype("btf_trace_mark_victim"));
    features.pidfs = pid != nullptr && has_member(types, pid, "ino");
    features.task_struct = find("task_struct", BTF_KIND_STRUCT);
    return features;
}

Result<KernelFeatures> read_features() {
    const Result<KernelTypes>& types = KernelTypes::of_running_kernel();
    if (!types) {
        return std::unexpected(types.error());
    }
    return features_of(*types);
}

} // namespace

/// A kernel does not change under a process.
Result<KernelFeatures> KernelFeatures::read() {
    static const Result<KernelFeatures> features = read_features();
    return features;
}

std::string kernel_release() {
    utsname names = {};
    return uname(&names) == 0 ? names.release : "unknown";
}

} // namespace sig2pid::engine
