// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/denial.hpp>

#include "lib/proc.hpp"
#include "lib/syscalls.hpp"

#include <sig2pid/signal_status.hpp>

#include <cerrno>
#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

namespace sig2pid {
namespace {

/// kill_ok_by_cred() of kernel/signal.c, first half.
bool is_right_user(const SignalStatus& target) {
    const uid_t effective = ::geteuid(), real = ::getuid();
    return effective == target.saved_uid || effective == target.real_uid || real == target.saved_uid ||
           real == target.real_uid;
}

bool has_cap_kill() {
    return (sys::calls().effective_capabilities() >> CAP_KILL & 1U) != 0;
}

/// Whether both are known to be in the same user namespace.
bool shares_user_namespace(const Process& process) {
    const auto theirs = proc::open_file(process, "ns/user", O_RDONLY | O_CLOEXEC);
    const UniqueFd ours(sys::calls().openat(AT_FDCWD, "/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
    struct stat left = {}, right = {};
    return theirs && ours && sys::calls().fstat(theirs->get(), left) == 0 &&
           sys::calls().fstat(ours.get(), right) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

Denial denial_by_kernel(const Process& process, const SignalStatus& status) {
    if (is_right_user(status)) {
        return Denial::security_module;
    }
    if (!has_cap_kill()) {
        return ::geteuid() == 0 ? Denial::capability : Denial::uid;
    }
    return shares_user_namespace(process) ? Denial::security_module : Denial::user_namespace;
}

} // namespace

std::string_view to_string(Denial denial) noexcept {
    switch (denial) {
    case Denial::uid:
        return "uid";
    case Denial::capability:
        return "capability";
    case Denial::user_namespace:
        return "user namespace";
    case Denial::security_module:
        return "LSM";
    case Denial::seccomp:
        return "seccomp";
    case Denial::pid_namespace:
        return "PID namespace";
    }
    return "unknown";
}

std::optional<Denial> denial_of(const Error& refused) noexcept {
    switch (refused.reason) {
    case Reason::filtered:
        return Denial::seccomp;
    case Reason::foreign_namespace:
        return Denial::pid_namespace;
    default:
        return std::nullopt;
    }
}

std::optional<Denial> denial_of(const Process& process, const Error& refused) {
    if (refused.reason != Reason::no_permission) {
        return denial_of(refused);
    }
    if (refused.code == EACCES) { // the kernel's own answer is EPERM
        return Denial::security_module;
    }
    const Result<SignalStatus> status = signal_status(process);
    if (!status) {
        return status.error().reason == Reason::gone ? std::nullopt : std::optional(Denial::uid);
    }
    return denial_by_kernel(process, *status);
}

} // namespace sig2pid
