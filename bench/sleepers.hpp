// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <atomic>
#include <csignal>
#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sig2pid::bench {

/// Many processes of one name that sleep and block SIGUSR1. How many of them have got it can be asked: that wakes all.
/// A signal that wakes each at once would measure the scheduler. They end with this object.
class Sleepers {
public:
    Sleepers(std::size_t count, uid_t user);
    ~Sleepers();
    Sleepers(const Sleepers&) = delete;
    Sleepers& operator=(const Sleepers&) = delete;

    [[nodiscard]] static std::string name() { return "bench-sleeper"; }
    [[nodiscard]] static int signal() noexcept { return SIGUSR1; }

    /// How many have SIGUSR1 pending; it is taken from them.
    [[nodiscard]] std::size_t take();

private:
    struct Shared {
        std::atomic<std::uint32_t> round;
        std::atomic<std::uint32_t> answered;
        std::uint32_t count;
        std::atomic<std::uint32_t> signalled;
    };

    [[noreturn]] void sleep(uid_t user) const;
    void wait_for_answers(std::size_t count) const;

    Shared* shared_ = nullptr;
    std::vector<pid_t> pids_;
};

} // namespace sig2pid::bench
