// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/proc_connector.hpp"

#include <cstdint>
#include <span>
#include <sys/types.h>
#include <unordered_set>
#include <vector>

namespace sig2pid {

/// Which PIDs are descendants, by what the kernel told of births and exits, with nothing looked at: so it knows of who
/// was gone before anybody could look, and whose children those are who have another parent now.
///
/// A PID may be another's before an exit is told. So who is born to a descendant is given with the time of that, by
/// which a pin is proved: any other process with that PID has started later.
class Lineage {
public:
    /// One that was found by looking, and lived at some time. What was done under its PID before its birth, or by who
    /// was born under it after that time, is not its own.
    struct Admission {
        pid_t pid = 0;
        std::int64_t started = 0; ///< not later than it was; as ProcessEvent::time
        std::int64_t lived = 0;   ///< likewise, when it did
    };
    void admit(const Admission& admission) { admitted_.push_back(admission); }

    /// Whether the PID is that of a descendant of which no exit was told, as far as the events went that were taken in.
    [[nodiscard]] bool has(pid_t pid) const { return living_.contains(pid); }

    /// Takes in what happened next. \return the births to descendants, some of whom may have exited.
    std::vector<ProcessEvent> apply(std::span<const ProcessEvent> events);

    /// For when events were lost: only who is admitted from now on counts.
    void forget();

private:
    std::unordered_set<pid_t> living_;
    std::vector<Admission> admitted_;
};

} // namespace sig2pid
