// SPDX-License-Identifier: BSD-2-Clause
#include "lib/send_failure.hpp"

#include "lib/syscalls.hpp"

#include <sig2pid/denial.hpp>
#include <sig2pid/signal_status.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace sig2pid {
namespace {

/// What the kernel says to these flags on no descriptor at all: EBADF when nothing but the descriptor is wrong.
int answer_without_descriptor(unsigned flags) {
    return -sys::calls().pidfd_send_signal(-1, 0, nullptr, flags);
}

/// Whether it is answered so whatever is asked, as by a seccomp filter. The kernel judges the flags first, and then the
/// descriptor.
bool is_answer_to_all(int code) {
    return code == EBADF ? answer_without_descriptor(~0U) == EBADF : answer_without_descriptor(0) == code;
}

bool is_kernel_code(int code) {
    return code >= 0 || code == SI_TKILL;
}

Reason classify_invalid(const SendAttempt& attempt) {
    if (attempt.flags != 0 && answer_without_descriptor(attempt.flags) == EINVAL) {
        return Reason::unsupported;
    }
    if (attempt.signal < 0 || attempt.signal > Signal::max) {
        return Reason::invalid_signal;
    }
    if (attempt.info != nullptr && attempt.info->si_signo != attempt.signal) {
        return Reason::bad_input;
    }
    return Reason::foreign_namespace;
}

Reason classify_refused(const SendAttempt& attempt) {
    // The kernel judges the code before the permission.
    const bool forbidden = attempt.info != nullptr && is_kernel_code(attempt.info->si_code);
    return forbidden ? Reason::forbidden_code : Reason::no_permission;
}

std::string users_of(const Process& process) {
    const Result<SignalStatus> status = signal_status(process);
    return status ? "it runs as user " + std::to_string(status->real_uid) + ", the caller as " +
                        std::to_string(::geteuid())
                  : "the caller, user " + std::to_string(::geteuid()) + ", may not look at it";
}

std::string cause_of_refusal(const Process& process, int code) {
    const Error refused{code, {}, {}, Reason::no_permission, 0};
    switch (denial_of(process, refused).value_or(Denial::uid)) {
    case Denial::capability:
        return users_of(process) + " without CAP_KILL; add that capability";
    case Denial::user_namespace:
        return users_of(process) +
               ", whose CAP_KILL does not reach its user namespace; send from there or from one above";
    case Denial::security_module:
        return std::string(
                   "the user is the right one, so a security module (AppArmor, SELinux, Landlock) refuses it: ") +
               std::strerror(code);
    default:
        return users_of(process) + " without CAP_KILL; run as that user or as root";
    }
}

std::string explain(Reason reason, int code, const Process& process, const SendAttempt& attempt) {
    switch (reason) {
    case Reason::not_a_pidfd:
        return "the descriptor is not a pidfd";
    case Reason::invalid_signal:
        return "no signal has the number " + std::to_string(attempt.signal);
    case Reason::foreign_namespace:
        return "its PID namespace is neither ours nor below ours; send from its own";
    case Reason::unsupported:
        return "the scopes thread and group need Linux 6.9; this kernel has the scope process only";
    case Reason::filtered:
        return "a seccomp filter refuses pidfd_send_signal; allow it in the container's profile";
    case Reason::bad_input:
        return attempt.flags == sys::scope_group ? "it leads no process group; name the leader" : std::strerror(code);
    case Reason::no_permission:
        return "not permitted: " + cause_of_refusal(process, code);
    case Reason::forbidden_code:
        return "si_code " + std::to_string(attempt.info->si_code) + " is the kernel's own; send a negative one";
    case Reason::queue_full:
        return "its user's signal queue is full (RLIMIT_SIGPENDING); raise the limit or let the receivers catch up";
    case Reason::gone:
        return "it is gone";
    default:
        return std::strerror(code);
    }
}

bool is_there(const Process& process) {
    const Result<ProcessState> state = process.state();
    return state && *state != ProcessState::gone;
}

} // namespace

Reason classify_send_failure(int code, const SendAttempt& attempt) {
    if (is_answer_to_all(code)) {
        return Reason::filtered;
    }
    switch (code) {
    case EBADF:
        return Reason::not_a_pidfd;
    case EINVAL:
        return classify_invalid(attempt);
    case EPERM:
        return classify_refused(attempt);
    case EACCES:
        return Reason::no_permission;
    case EAGAIN:
        return Reason::queue_full;
    case ESRCH:
        return Reason::gone;
    case ENOSYS: // the call is as old as pidfds are, so the kernel has it
        return Reason::filtered;
    default:
        return Reason::unspecified;
    }
}

Error describe_send_failure(int code, const Process& process, const SendAttempt& attempt) {
    Reason reason = classify_send_failure(code, attempt);
    if (reason == Reason::gone && attempt.flags == sys::scope_group && is_there(process)) {
        reason = Reason::bad_input;
    }
    std::string context = "process " + std::to_string(process.pid()) + ": " + explain(reason, code, process, attempt);
    return {code, "pidfd_send_signal", std::move(context), reason, 0};
}

} // namespace sig2pid
