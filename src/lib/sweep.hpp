// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/sweep.hpp>

namespace sig2pid {

/// How the work is divided.
struct Division {
    std::size_t threads = 1;  ///< at most, the caller's among them
    std::size_t piece = 256;  ///< PIDs that a thread takes at a time
    std::size_t worth = 1024; ///< PIDs for which another thread is worth starting
};

/// By the processors there are.
[[nodiscard]] Division usual_division() noexcept;

/// sweep(), divided so.
[[nodiscard]] Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                                        const Division& division);

} // namespace sig2pid
