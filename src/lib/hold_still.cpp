// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cancel.hpp"
#include "lib/standstill.hpp"

#include <sig2pid/selector.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

constexpr std::chrono::seconds patience{5}; ///< for all that are stopped at a time

/// Sends SIGSTOP to the members from the `first` on; those that took it. One that is gone or may not be stopped does
/// not stand in the way of the others.
std::vector<std::size_t> stop_from(const ProcessSet& set, std::size_t first) {
    std::vector<std::size_t> stopped;
    for (std::size_t i = first; i < set.size(); ++i) {
        [[maybe_unused]] const Result<> pinned = set.with(i, [&](const Process& process) {
            if (send(process, Signal(SIGSTOP))) {
                stopped.push_back(i);
            }
        });
    }
    return stopped;
}

Result<> await_all(const ProcessSet& set, const std::vector<std::size_t>& stopped, int cancel_fd) {
    const Deadline until = deadline_after(patience);
    const auto called_off = [cancel_fd] { return is_cancelled(cancel_fd); };
    for (const std::size_t i : stopped) {
        bool stands = true;
        [[maybe_unused]] const Result<> pinned =
            set.with(i, [&](const Process& process) { stands = await_standstill(process, until, called_off); });
        if (called_off()) {
            return cancelled("stop tree");
        }
        if (!stands) {
            return failure(ETIMEDOUT, "stop tree",
                           "process " + std::to_string(set[i].pid) +
                               " got SIGSTOP and runs on: what it forks meanwhile may escape");
        }
    }
    return {};
}

} // namespace

Result<> hold_still(const SelectOptions& options, ProcessSet& set) {
    std::size_t first = 0;
    for (int round = 0; round < most_rounds; ++round) {
        if (is_cancelled(options.cancel_fd)) { // before anybody is stopped for it
            return cancelled("stop tree");
        }
        if (Result<> still = await_all(set, stop_from(set, first), options.cancel_fd); !still) {
            return still;
        }
        first = set.size();
        const Result<std::size_t> more = select_more(options, set);
        if (!more) {
            return std::unexpected(more.error());
        }
        if (*more == 0) {
            return {};
        }
    }
    return failure(ELOOP, "stop tree", "the processes multiply faster than they can be stopped");
}

} // namespace sig2pid
