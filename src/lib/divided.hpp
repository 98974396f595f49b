// SPDX-License-Identifier: BSD-2-Clause
// Work on thousands of things, done by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace sig2pid {

/// How work is divided.
struct Division {
    std::size_t threads = 1; ///< at most, the caller's among them
    std::size_t piece = 64;  ///< how many a thread takes at a time
    std::size_t worth = 128; ///< for how many another thread is worth starting
};

/// Numbers, handed out in pieces to whoever has time.
class Pieces {
public:
    Pieces(std::size_t count, std::size_t size) noexcept : count_(count), size_(size) {}

    /// The next piece, from the first to behind the last; empty when there is none left.
    [[nodiscard]] std::pair<std::size_t, std::size_t> take() noexcept {
        const std::size_t first = std::min(next_.fetch_add(size_, std::memory_order_relaxed), count_);
        return {first, std::min(first + size_, count_)};
    }

    /// No more pieces for anybody.
    void stop() noexcept { next_.store(count_, std::memory_order_relaxed); }

private:
    std::size_t count_;
    std::size_t size_;
    std::atomic<std::size_t> next_ = 0;
};

/// By the processors there are.
[[nodiscard]] Division usual_division() noexcept;

/// The threads that so many things are worth.
[[nodiscard]] std::size_t threads_for(std::size_t count, const Division& division) noexcept;

/// Calls `work` with 0 in this thread and with 1 to `threads` - 1 in others, and returns when all have returned. What
/// can fail must be caught in it. Where a limit does not let threads start, fewer do the same.
void in_threads(std::size_t threads, const std::function<void(std::size_t thread)>& work);

/// The thread, from 0 on, is to do a piece: things `first` to `last` - 1. False: no more pieces for anybody.
using PieceOfWork = std::function<bool(std::size_t thread, std::size_t first, std::size_t last)>;

/// Calls `work` until all `count` things are done; each thread its own pieces, several at once, as in_threads() does.
void divide(std::size_t count, const Division& division, const PieceOfWork& work);

} // namespace sig2pid
