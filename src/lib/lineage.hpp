// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/proc_connector.hpp"

#include <span>
#include <sys/types.h>
#include <unordered_set>
#include <vector>

namespace sig2pid {

/// Which PIDs are descendants, by what the kernel told of births and exits, with nothing looked at: so it knows of who
/// was gone before anybody could look, and whose children those are who have another parent now.
class Lineage {
public:
    /// One that was found by looking. It counts from its birth, if that is among the next events, as everything under
    /// its PID before is another's; else from their start.
    void admit(pid_t pid) { admitted_.push_back(pid); }

    /// Whether the PID is that of a descendant which has not exited, as far as the events went that were taken in. A
    /// process pinned before they were read is that descendant: the exit is told before its PID can be another's.
    [[nodiscard]] bool has(pid_t pid) const { return living_.contains(pid); }

    /// Takes in what happened next. \return who was born to a descendant and has not exited.
    std::vector<pid_t> apply(std::span<const ProcessEvent> events);

    /// For when events were lost: only who is admitted from now on counts.
    void forget();

private:
    std::unordered_set<pid_t> living_;
    std::vector<pid_t> admitted_;
};

} // namespace sig2pid
