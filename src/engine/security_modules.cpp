// SPDX-License-Identifier: BSD-2-Clause
#include "engine/security_modules.hpp"

#include "engine/capability.hpp"
#include "engine/kernel_types.hpp"

#include <sig2pid/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <span>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

// linux/lsm.h, 6.8
constexpr long lsm_list_modules = 461;
enum Module : __u64 {
    capability = 100,
    tomoyo = 103, // it has no hook for signals
    yama = 105,
    load_pin = 106,
    safe_setid = 107,
    lockdown = 108,
    bpf = 109,
    landlock = 110,
    ima = 111,
    evm = 112,
    ipe = 113
};

constexpr std::array<__u64, 9> silent = {capability, tomoyo, yama, load_pin, safe_setid, lockdown, ima, evm, ipe};

bool is_in_initial_user_namespace() {
    std::ifstream map("/proc/self/uid_map");
    unsigned long inside = 1, outside = 1, count = 0;
    return map >> inside >> outside >> count && inside == 0 && outside == 0 && count == 0xFFFFFFFF;
}

/// Landlock's scope for signals (6.12) ends at the processes that a sandboxed one started; PID 1 is none of them.
bool is_outside_of_landlock() {
    return kill(1, 0) == 0;
}

TypeId hook_for_signals() {
    const Result<KernelTypes>& types = KernelTypes::of_running_kernel();
    return types ? types->find("bpf_lsm_task_kill", BTF_KIND_FUNC) : 0;
}

/// Whether no program of the type LSM is attached to the hook. One that cannot be looked at counts as one that is.
bool has_no_bpf_hook() {
    __u32 id = 0;
    while (bpf_prog_get_next_id(id, &id) == 0) {
        const UniqueFd fd(bpf_prog_get_fd_by_id(id));
        bpf_prog_info info = {};
        __u32 size = sizeof(info);
        if (!fd) {
            if (errno == ENOENT) {
                continue; // unloaded meanwhile
            }
            return false;
        }
        if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0 ||
            (info.type == BPF_PROG_TYPE_LSM && info.attach_btf_id == hook_for_signals())) {
            return false;
        }
    }
    return errno == ENOENT; // the end of the list; EPERM without CAP_SYS_ADMIN
}

bool is_silent(__u64 module) {
    if (module == landlock) {
        return is_outside_of_landlock();
    }
    return module == bpf ? has_no_bpf_hook() : std::ranges::find(silent, module) != silent.end();
}

} // namespace

bool may_signal_everyone() {
    if (!has_capability(Capability::kill) || !is_in_initial_user_namespace()) {
        return false;
    }
    std::array<__u64, 32> modules = {};
    __u32 size = sizeof(modules);
    const long count = syscall(lsm_list_modules, modules.data(), &size, 0);
    return count >= 0 && std::ranges::all_of(std::span(modules).first(static_cast<std::size_t>(count)), is_silent);
}

} // namespace sig2pid::engine
