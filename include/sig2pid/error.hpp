// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace sig2pid {

/// Why it failed, where one errno has several meanings and a caller would act differently on each.
enum class Reason {
    unspecified,       ///< the errno says it all
    bad_input,         ///< text that does not parse; Error::column says where
    not_a_pidfd,       ///< EBADF: the descriptor does not name a process
    not_a_leader,      ///< the id is a thread's, not a process's
    invalid_signal,    ///< EINVAL: no such signal
    foreign_namespace, ///< EINVAL: the target's PID namespace is neither ours nor below ours
    unsupported,       ///< EINVAL or ENOSYS: this kernel is too old for what was asked
    filtered,          ///< EPERM or ENOSYS that a seccomp filter answered, not the kernel
    no_permission,     ///< EPERM, or the error of a security module (AppArmor: EACCES)
    forbidden_code,    ///< EPERM: an si_code that only the kernel may send to others
    queue_full,        ///< EAGAIN: the target's user has RLIMIT_SIGPENDING signals queued
    gone,              ///< ESRCH: it has exited and was reaped, or never was
    changed,           ///< ECANCELED: it was selected, and by now a condition no longer holds
    cancelled          ///< ECANCELED: the caller called it off, see WaitOptions::cancel_fd
};

/// What failed: an errno, the operation that returned it, and what it was about.
///
/// Errors are values: no function of this library throws for something that the world can do to it.
struct Error {
    int code = 0;                        ///< errno value, never 0 in a returned error
    std::string operation;               ///< the call that failed, "pidfd_open" for one
    std::string context;                 ///< what happened, to what, and what to do, for a person; may be empty
    Reason reason = Reason::unspecified; ///< tells the meanings of one errno apart
    std::size_t column = 0;              ///< where in the parsed text, counted from 1; 0 when not about text

    /// One sentence for a person: the context if there is one, else operation and strerror(3) text.
    [[nodiscard]] std::string message() const;
};

/// A value or an Error.
template <typename T = void> using Result = std::expected<T, Error>;

/// Shorthand for the error side of a Result.
[[nodiscard]] inline std::unexpected<Error> failure(int code, std::string operation, std::string context = {},
                                                    Reason reason = Reason::unspecified) {
    return std::unexpected(Error{code, std::move(operation), std::move(context), reason, 0});
}

/// Passes an error on: `return std::unexpected(std::move(result).error())` in fewer words.
template <typename T> [[nodiscard]] std::unexpected<Error> forward_error(std::expected<T, Error>& result) {
    return std::unexpected(std::move(result).error());
}

} // namespace sig2pid
