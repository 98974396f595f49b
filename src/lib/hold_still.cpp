// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/selector.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

/// Stops members from the `first` on. One that is gone or may not be stopped does not stand in the way of the others.
void stop_from(const ProcessSet& set, std::size_t first) {
    for (std::size_t i = first; i < set.size(); ++i) {
        [[maybe_unused]] const Result<> pinned = set.with(i, [](const Process& process) {
            [[maybe_unused]] const Result<> stopped = send(process, Signal(SIGSTOP));
        });
    }
}

} // namespace

Result<> hold_still(const SelectOptions& options, ProcessSet& set) {
    constexpr int most_rounds = 1000;
    std::size_t first = 0;
    for (int round = 0; round < most_rounds; ++round) {
        stop_from(set, first);
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
