// SPDX-License-Identifier: BSD-2-Clause
// What waiting and escalation share: one epoll over many pidfds, and the descriptor that cancels.
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/exit_status.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/unique_fd.hpp>
#include <sig2pid/wait.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace sig2pid {

class ExitWatch {
public:
    /// \param cancel_fd -1 for none; it stays the caller's.
    [[nodiscard]] static Result<ExitWatch> make(int cancel_fd);

    /// Watches the process until its exit, which wait() tells once by `index`.
    [[nodiscard]] Result<> add(const Process& process, std::size_t index);

    /// Has wait() tell when the descriptor, which stays the caller's, is readable.
    [[nodiscard]] Result<> add_events(int fd);

    struct Events {
        std::vector<std::size_t> exited; ///< indices; empty and nothing else: the time is over
        bool cancelled = false;
        bool has_more = false; ///< the descriptor of add_events() is readable
    };

    /// Waits for something to happen, up to `until`.
    [[nodiscard]] Result<Events> wait(Deadline until);

private:
    explicit ExitWatch(UniqueFd epoll) noexcept : epoll_(std::move(epoll)) {}

    [[nodiscard]] Result<> add_fd(int fd, std::uint64_t mark);

    UniqueFd epoll_;
};

/// How a process that has exited ended, where it has not been reaped and /proc may tell; `proc` is as open_proc() gives
/// it.
[[nodiscard]] std::optional<ExitStatus> status_of_zombie(int proc, const Process& process);

/// Learns how processes ended, some of which the kernel tells about only once they are reaped.
class ExitReader {
public:
    /// How it ended, which it has. Waits for the reaping if nothing else helps, as long as the patience of this object
    /// lasts.
    [[nodiscard]] ExitStatus read(const Process& process);

private:
    std::chrono::nanoseconds patience_ = std::chrono::milliseconds(100);
    std::optional<Result<UniqueFd>> proc_; ///< for the many that are zombies still
};

} // namespace sig2pid
