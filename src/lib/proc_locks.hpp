// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace sig2pid::proc {

/// One lock of a file, a line of /proc/locks or, behind "lock:", of /proc/PID/fdinfo/N.
struct FileLock {
    pid_t holder = 0; ///< who took it; -1 for a lock of an open file description, 0 for a process not seen from here
    unsigned major = 0;
    unsigned minor = 0;
    std::uint64_t inode = 0;
};

/// Nothing for text of another form and for a process that only waits for the lock.
[[nodiscard]] std::optional<FileLock> parse_lock(std::string_view line) noexcept;

} // namespace sig2pid::proc
