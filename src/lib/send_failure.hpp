// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>

#include <csignal>

namespace sig2pid {

/// What was asked of pidfd_send_signal(2): needed to tell the meanings of its errors apart.
struct SendAttempt {
    int signal = 0;
    const siginfo_t* info = nullptr;
    unsigned flags = 0;
};

/// Which of its meanings an errno of pidfd_send_signal has. The kernel checks in a fixed order (flags, descriptor,
/// namespace, siginfo, code, existence, signal number, permission, queue), and a call on no descriptor shows
/// whether the flags or a seccomp filter are to blame.
[[nodiscard]] Reason classify_send_failure(int code, const SendAttempt& attempt);

/// The error, told for a person: which process, why, what to do.
[[nodiscard]] Error describe_send_failure(int code, const Process& process, const SendAttempt& attempt);

} // namespace sig2pid
