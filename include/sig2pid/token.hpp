// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace sig2pid {

/// A name that only one process ever has: `PID:INODE`, or with the boot it belongs to `PID:INODE:BOOT`.
///
/// INODE is the pidfd's inode number, unique until the next boot (Linux 6.9, and util-linux writes it the same way).
/// Before 6.9 all pidfds share one inode, and INODE is the start time in clock ticks since boot, from /proc/PID/stat.
/// BOOT is the first 8 hex digits of the boot id: with it, a token kept over a reboot can never match.
struct Token {
    pid_t pid = 0;
    std::uint64_t inode = 0;
    std::optional<std::uint32_t> boot;

    /// EINVAL (Reason::bad_input, with the column) for what is not a token.
    [[nodiscard]] static Result<Token> parse(std::string_view text);

    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Token&, const Token&) = default;
};

/// The first 8 hex digits of this boot's id, from /proc/sys/kernel/random/boot_id, read once.
/// Nothing where /proc does not have it.
[[nodiscard]] std::optional<std::uint32_t> boot_id();

} // namespace sig2pid
