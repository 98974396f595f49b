// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own word on who forks whom: the process events connector, a netlink protocol (CONFIG_PROC_EVENTS).
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace sig2pid {

/// A process was born, or its first thread exited.
struct ProcessEvent {
    enum class What { birth, exit };
    What what = What::birth;
    pid_t pid = 0;
    pid_t parent = 0; ///< of a birth, where it is told; else 0
    std::int64_t time =
        0; ///< when it was told, in nanoseconds of CLOCK_BOOTTIME; 0: not known. Who was born started before
};

/// Tells each birth before the child runs, and each exit, but maybe only when its PID is another's already.
class ProcConnector {
public:
    /// Listens to what happens from now on.
    /// \return EOPNOTSUPP/unsupported where the kernel does not tell: outside the first namespaces of PIDs, users and
    /// networks, without CONFIG_PROC_EVENTS, and before Linux 6.6 without CAP_NET_ADMIN.
    [[nodiscard]] static Result<ProcConnector> listen();

    ~ProcConnector();
    ProcConnector(ProcConnector&&) noexcept = default;
    ProcConnector& operator=(ProcConnector&&) = delete;
    ProcConnector(const ProcConnector&) = delete;
    ProcConnector& operator=(const ProcConnector&) = delete;

    /// Readable when something has happened.
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    enum class Read {
        event,
        other,   ///< a message that is no such event
        nothing, ///< what has happened up to now has been told
        lost     ///< some were not told: the socket's queue was full
    };

    /// The next event, without waiting.
    [[nodiscard]] Read read(ProcessEvent& event);

private:
    explicit ProcConnector(UniqueFd socket) noexcept : socket_(std::move(socket)) {}

    UniqueFd socket_;
};

/// The event in a netlink message, if it is a birth of a process or the exit of a first thread. Its time is one of
/// CLOCK_MONOTONIC.
[[nodiscard]] std::optional<ProcessEvent> parse_process_event(std::span<const char> message);

} // namespace sig2pid
