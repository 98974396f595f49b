// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/rule.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace sig2pid::engine {

/// At most `count` signals in any span of `period`, as within_limit() of bpf/deliver.bpf.h holds the kernel to it.
class RateLimiter {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit RateLimiter(const RateLimit& limit) : period_(limit.period), times_(limit.count) {}

    /// Whether a signal may go out now; it is counted as gone if so.
    [[nodiscard]] bool admit(Time now) {
        std::optional<Time>& oldest = times_[next_];
        if (oldest && now - *oldest < period_) {
            return false;
        }
        oldest = now;
        next_ = (next_ + 1) % times_.size();
        return true;
    }

private:
    std::chrono::nanoseconds period_;
    std::vector<std::optional<Time>> times_; ///< of the last signals, a ring
    std::size_t next_ = 0;
};

} // namespace sig2pid::engine
