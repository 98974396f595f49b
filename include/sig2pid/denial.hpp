// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>

#include <optional>
#include <string_view>

namespace sig2pid {

/// What stood in the way of a signal that was denied.
enum class Denial {
    uid,             ///< the process belongs to another user, and the caller is not root
    capability,      ///< the caller is root, but without CAP_KILL
    user_namespace,  ///< the caller has CAP_KILL, but not in a user namespace at or above the process's
    security_module, ///< the kernel's own rules permit it: an LSM (AppArmor, SELinux, Smack, Landlock) does not
    seccomp,         ///< a filter around the caller answers instead of the kernel
    pid_namespace    ///< the process is in a PID namespace that is neither the caller's nor below it
};

/// The words of the verdict `denied`: "uid", "capability", "user namespace", "LSM", "seccomp", "PID namespace".
[[nodiscard]] std::string_view to_string(Denial denial) noexcept;

/// Which it was, by looking at both sides now. Nothing for an error that is no refusal, or where the process has gone
/// since. What cannot be seen (another's user namespace, to one without rights over it) counts as foreign.
/// \param refused the error that send(), queue(), send_info(), probe() or deliver() gave for the process
[[nodiscard]] std::optional<Denial> denial_of(const Process& process, const Error& refused);

/// What the error alone tells, where there is no process: a filter that refuses pidfd_open(2) for one.
[[nodiscard]] std::optional<Denial> denial_of(const Error& refused) noexcept;

} // namespace sig2pid
