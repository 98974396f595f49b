// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/wait.hpp>

#include "lib/exit_watch.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

using std::chrono::steady_clock;

/// Waits until `wanted` of the processes have exited.
Result<WaitResult> wait_for(std::span<const Process> processes, std::size_t wanted, const WaitOptions& options) {
    Result<ExitWatch> watch = ExitWatch::make(options.cancel_fd);
    if (!watch) {
        return forward_error(watch);
    }
    for (std::size_t i = 0; i < processes.size(); ++i) {
        if (Result<> added = watch->add(processes[i], i); !added) {
            return forward_error(added);
        }
    }
    WaitResult result;
    ExitReader reader;
    while (result.exits.size() < wanted) {
        Result<ExitWatch::Events> events = watch->wait(options.deadline);
        if (!events) {
            return forward_error(events);
        }
        for (const std::size_t index : events->exited) {
            const auto now = steady_clock::now();
            result.exits.push_back({index, reader.read(processes[index]), now});
            if (options.on_exit) {
                options.on_exit(result.exits.back());
            }
        }
        if (events->exited.empty()) {
            result.end = events->cancelled ? WaitEnd::cancelled : WaitEnd::timed_out;
            break;
        }
    }
    return result;
}

} // namespace

Deadline deadline_after(std::optional<std::chrono::nanoseconds> timeout) {
    const steady_clock::time_point now = steady_clock::now();
    if (!timeout || *timeout > steady_clock::time_point::max() - now) {
        return std::nullopt;
    }
    return now + *timeout;
}

Result<WaitResult> wait_all(std::span<const Process> processes, const WaitOptions& options) {
    return wait_for(processes, processes.size(), options);
}

Result<WaitResult> wait_any(std::span<const Process> processes, const WaitOptions& options) {
    if (processes.empty()) {
        return failure(EINVAL, "wait_any", "there is no process to wait for", Reason::bad_input);
    }
    return wait_for(processes, 1, options);
}

} // namespace sig2pid
