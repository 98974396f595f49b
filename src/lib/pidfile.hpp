// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/selector.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace sig2pid {

/// Pins the process that a pidfile names, after everything that could make the file lie has been ruled out.
/// \return EINVAL/bad_input for a file that is empty or holds anything but one PID; EPERM/bad_input for one that
/// another user could have written; ESRCH/gone for a process that is gone, started after the file was written, or, with
/// PidfileLock::required, does not hold the file's lock; the errno of open(2).
[[nodiscard]] Result<Process> pin_by_pidfile(const std::string& path, PidfileLock lock);

/// The one PID that is all the file's text, or, for a person, what is wrong with it.
[[nodiscard]] std::expected<pid_t, std::string> parse_pidfile(std::string_view text);

/// Pins what a condition names that means one process: pid, token, fd or pidfile.
[[nodiscard]] Result<Process> pin_named(const Condition& condition, PidfileLock lock);

} // namespace sig2pid
