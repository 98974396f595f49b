// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/wait.hpp>

#include "lib/crowd.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

using std::chrono::steady_clock;

/// One wait, until `wanted` of the crowd have exited.
class Wait {
public:
    Wait(Crowd crowd, std::size_t wanted, const WaitOptions& options)
        : crowd_(std::move(crowd)), wanted_(wanted), options_(options) {}

    [[nodiscard]] Result<WaitResult> finish() {
        while (result_.exits.size() < wanted_) {
            Result<ExitWatch::Events> events = crowd_.wait(options_.deadline);
            if (!events) {
                return forward_error(events);
            }
            note(events->exited);
            if (events->exited.empty()) {
                return end(events->cancelled ? WaitEnd::cancelled : WaitEnd::timed_out);
            }
        }
        return std::move(result_);
    }

private:
    void note(std::span<const std::size_t> exited) {
        for (const std::size_t index : exited) {
            Exit exit{index, {}, steady_clock::now()};
            [[maybe_unused]] const Result<> pinned = crowd_.with(index, [&](const Process& process) {
                exit.status = reader_.read(process); // unknown of who is gone and was not pinned
            });
            crowd_.finish(index);
            result_.exits.push_back(exit);
            if (options_.on_exit) {
                options_.on_exit(result_.exits.back());
            }
        }
    }

    /// Who has exited without a descriptor watching must not be called alive.
    [[nodiscard]] Result<WaitResult> end(WaitEnd why) {
        Result<std::vector<std::size_t>> exited = crowd_.find_exited();
        if (!exited) {
            return forward_error(exited);
        }
        note(*exited);
        result_.end = result_.exits.size() < wanted_ ? why : WaitEnd::done;
        return std::move(result_);
    }

    Crowd crowd_;
    std::size_t wanted_;
    const WaitOptions& options_;
    WaitResult result_;
    ExitReader reader_;
};

/// Waits until `wanted` of the processes have exited.
Result<WaitResult> wait_for(std::span<const Process> processes, std::size_t wanted, const WaitOptions& options) {
    Result<Crowd> crowd = Crowd::make(options.cancel_fd);
    if (!crowd) {
        return forward_error(crowd);
    }
    for (const Process& process : processes) {
        if (Result<> added = crowd->add(process); !added) {
            return forward_error(added);
        }
    }
    return Wait(std::move(*crowd), wanted, options).finish();
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

Result<WaitResult> wait_all(ProcessSet& set, const WaitOptions& options) {
    Result<Crowd> crowd = Crowd::make(options.cancel_fd);
    if (!crowd) {
        return forward_error(crowd);
    }
    if (Result<> added = crowd->add_all(set); !added) {
        return forward_error(added);
    }
    return Wait(std::move(*crowd), set.size(), options).finish();
}

Result<WaitResult> wait_any(const ProcessSet& set, const WaitOptions& options) {
    if (!set.is_all_held()) {
        return failure(EMFILE, "wait_any",
                       std::to_string(set.size()) + " processes are more than descriptors can watch at once (" +
                           std::to_string(set.held().size()) +
                           "), so the first exit could be missed: name fewer, or raise the hard limit (ulimit -Hn)");
    }
    return wait_any(set.held(), options);
}

} // namespace sig2pid
