// SPDX-License-Identifier: BSD-2-Clause
// Work on thousands of things, done by several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace sig2pid {

/// How work is divided.
struct Division {
    std::size_t threads = 1; ///< at most, the caller's among them
    std::size_t piece = 64;  ///< how many a thread takes at a time
    std::size_t worth = 512; ///< for how many another thread is worth starting
};

/// By the processors there are.
[[nodiscard]] Division usual_division() noexcept;

/// The threads that so many things are worth.
[[nodiscard]] std::size_t threads_for(std::size_t count, const Division& division) noexcept;

/// The thread, from 0 on, is to do a piece: things `first` to `last` - 1. False: no more pieces for anybody.
using PieceOfWork = std::function<bool(std::size_t thread, std::size_t first, std::size_t last)>;

/// Calls `work` until all `count` things are done; each thread its own pieces, several at once. What can fail must be
/// caught in it. Where a limit does not let threads start, fewer do the same.
void divide(std::size_t count, const Division& division, const PieceOfWork& work);

} // namespace sig2pid
