// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/proc.hpp"

#include <array>

namespace sig2pid {

/// Reads /proc/self/fdinfo of one pidfd after another. The file is opened once, for a descriptor that becomes a
/// duplicate of each in turn: procfs shows what the number stands for when it is read, and to open a file of /proc
/// costs several times what reading it does. One thread's.
class FdInfoReader {
public:
    /// `proc` is /proc and stays the caller's.
    explicit FdInfoReader(int proc) noexcept : proc_(proc) {}

    [[nodiscard]] Result<proc::FdInfo> read(int pidfd);

private:
    [[nodiscard]] Result<> turn_to(int pidfd);
    [[nodiscard]] Result<> open(int pidfd);

    int proc_;
    UniqueFd slot_; ///< the duplicate
    UniqueFd file_; ///< fdinfo of slot_
    std::array<char, 1024> buffer_{};
};

} // namespace sig2pid
