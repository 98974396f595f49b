// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace sig2pid::proc {

/// Calls `found` for each entry of an open directory, read from its start, whose name is a number: of /proc a process.
[[nodiscard]] Result<> for_each_number(int directory, const std::function<void(pid_t)>& found);

/// The entries of one getdents64(2) buffer that are numbers. False when the buffer is not what the kernel writes.
[[nodiscard]] bool parse_entries(std::string_view buffer, const std::function<void(pid_t)>& found);

/// Opens /proc, which must be mounted and show this PID namespace: EXDEV/foreign_namespace when it shows another,
/// ENOENT when there is none.
[[nodiscard]] Result<UniqueFd> open_proc();

} // namespace sig2pid::proc
