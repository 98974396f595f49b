// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace sig2pid::proc {

/// The entries of a directory whose names are numbers, of /proc the processes: read piece by piece, by one thread or by
/// several at once, each of which gets others.
class NumberList {
public:
    /// `directory` is open, and read from its start; it stays the caller's, and its position is left alone.
    [[nodiscard]] static Result<NumberList> open(int directory);

    /// Calls `found` for each number of the next piece, which is what fits into the buffer. False: that was all.
    [[nodiscard]] Result<bool> read(std::span<char> buffer, const std::function<void(pid_t)>& found) const;

private:
    explicit NumberList(UniqueFd directory) noexcept : directory_(std::move(directory)) {}

    UniqueFd directory_;
};

/// Calls `found` for each entry of an open directory, read from its start, whose name is a number: of /proc a process.
[[nodiscard]] Result<> for_each_number(int directory, const std::function<void(pid_t)>& found);

/// The entries of one getdents64(2) buffer that are numbers. False when the buffer is not what the kernel writes.
[[nodiscard]] bool parse_entries(std::string_view buffer, const std::function<void(pid_t)>& found);

/// Opens /proc, which must be mounted and show this PID namespace: EXDEV/foreign_namespace when it shows another,
/// ENOENT when there is none.
[[nodiscard]] Result<UniqueFd> open_proc();

} // namespace sig2pid::proc
