// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <sys/types.h>

namespace sig2pid::bench {

/// A process that sleeps in sigwaitinfo(2) and notes when it returns. It keeps to the second CPU, where there is one.
class Listener {
public:
    Listener();
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The signal it waits for: real-time, so that none is merged with another.
    [[nodiscard]] static int signal() noexcept { return SIGRTMIN + 3; }

    /// Waits for the next signal, at most two seconds, and gives the time of its arrival (now_ns()).
    [[nodiscard]] std::int64_t arrival();

    /// How many have arrived since its start.
    [[nodiscard]] std::uint64_t count() const noexcept { return shared_->count.load(std::memory_order_acquire); }

    /// Whether each arrival is told: arrival() needs it, a count of many is faster without.
    void tell(bool each) noexcept { shared_->is_telling = each; }

private:
    struct Shared {
        std::atomic<std::int64_t> arrived_at;
        std::atomic<std::uint64_t> count;
        std::atomic<bool> is_telling;
    };

    [[noreturn]] void listen() const;

    Shared* shared_ = nullptr;
    int told_ = -1; ///< an eventfd
    pid_t pid_ = -1;
};

} // namespace sig2pid::bench
