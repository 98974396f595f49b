// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/exit_status.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/process_set.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace sig2pid {

/// A moment on the monotonic clock at which a wait ends; none: it never does.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// The moment so long from now; none when there is no timeout, or one beyond what the clock can count.
[[nodiscard]] Deadline deadline_after(std::optional<std::chrono::nanoseconds> timeout);

/// One exit that was noticed.
struct Exit {
    std::size_t index = 0; ///< of the process, in what was waited for
    ExitStatus status;
    std::chrono::steady_clock::time_point at; ///< when it was noticed
};

struct WaitOptions {
    /// When to give up; a moment that has passed: look once, without waiting.
    Deadline deadline = std::nullopt;

    /// A descriptor that ends the wait when it is readable, or closed at its other end: an eventfd, a pipe, a signalfd.
    /// It stays the caller's and is not read. -1: none. It must be one that poll(2) can wait for, or the error is
    /// EPERM.
    int cancel_fd = -1;

    /// Called at each exit, in the thread that waits.
    std::function<void(const Exit&)> on_exit = nullptr;
};

/// Why a wait came to its end.
enum class WaitEnd {
    done, ///< what was waited for has happened
    timed_out,
    cancelled
};

struct WaitResult {
    WaitEnd end = WaitEnd::done;
    std::vector<Exit> exits; ///< in the order they were noticed; each process once
};

/// Waits until all the processes have exited: anyone's, not only children. Nothing to wait for: done at once.
///
/// The exit counts, not the reaping that follows it: a zombie has exited. Nothing is reaped. One epoll(7) over the
/// pidfds, whose number only the limit of descriptors bounds. The processes must outlive the call. Several threads
/// may wait for the same ones. Handlers of signals run meanwhile, and the wait goes on.
///
/// Where the kernel tells how a process ended only after it is reaped, the report of its exit is held back for that, a
/// tenth of a second at most in all.
/// \return EPERM for a cancel_fd that cannot be waited for, EBADF for one that is none, EMFILE/ENFILE without a
/// descriptor for the epoll, ENOSPC beyond fs.epoll.max_user_watches.
[[nodiscard]] Result<WaitResult> wait_all(std::span<const Process> processes, const WaitOptions& options = {});

/// Likewise, until at least one has exited. \return also EINVAL/bad_input when there is none to wait for.
[[nodiscard]] Result<WaitResult> wait_any(std::span<const Process> processes, const WaitOptions& options = {});

/// As wait_all(), for the members of a set, whose pins it takes: the set goes on with tokens.
///
/// A set may be larger than the limit of descriptors. The descriptor of one that has exited goes to the next; an exit
/// before that is noticed only then, or at the end, and how it exited may be unknown.
/// \return also EMFILE when not even one more descriptor can be had.
[[nodiscard]] Result<WaitResult> wait_all(ProcessSet& set, const WaitOptions& options = {});

/// As wait_any(). \return also EMFILE for a set larger than the limit of descriptors.
[[nodiscard]] Result<WaitResult> wait_any(const ProcessSet& set, const WaitOptions& options = {});

} // namespace sig2pid
