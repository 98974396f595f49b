// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/process_set.hpp>

#include "lib/facts.hpp"
#include "lib/judge.hpp"
#include "lib/process_events.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

/// The first condition that can change and does not hold any more; its index, or nothing when all hold.
Result<std::optional<std::size_t>> find_broken(const Judge& judge, Facts& facts, const Process& process) {
    for (std::size_t i = 0; i < judge.checks().size(); ++i) {
        if (!judge.can_change(i)) {
            continue;
        }
        const Result<Holds> answer = judge.judge(i, facts, &process);
        if (!answer) {
            return std::unexpected(answer.error());
        }
        if (*answer != Holds::yes) {
            return std::optional(i);
        }
    }
    return std::optional<std::size_t>();
}

bool has_changeable(const Judge& judge) {
    for (std::size_t i = 0; i < judge.checks().size(); ++i) {
        if (judge.can_change(i)) {
            return true;
        }
    }
    return false;
}

/// Whether another target of the selector means the process now.
bool matches_other(const Judge& judge, Facts& facts, const Process& process) {
    for (std::size_t i = 0; i < judge.checks().size(); ++i) {
        const Result<Holds> answer = judge.judge(i, facts, &process);
        if (!answer || *answer != Holds::yes) {
            return false;
        }
    }
    return true;
}

} // namespace

Result<Process> ProcessSet::pin(std::size_t i) const {
    if (i < held_.size()) {
        return held_[i].duplicate();
    }
    return Process::from_token({members_[i].pid, members_[i].inode, std::nullopt});
}

Result<> ProcessSet::judge_again(std::size_t i, const Process& process) const {
    const Judge& judge = *judges_[members_[i].argument];
    if (!has_changeable(judge)) {
        return {};
    }
    Facts facts(proc_.get());
    facts.look_at(process.pid());
    facts.lend_comm_file(i < name_files_.size() ? name_files_[i].get() : -1);
    const Result<std::optional<std::size_t>> broken = find_broken(judge, facts, process);
    if (!broken) {
        return std::unexpected(broken.error());
    }
    if (!*broken) { // read of a stranger perhaps, if it was reaped: then the send fails, and reaches nobody
        return {};
    }
    const Result<ProcessState> state = process.state();
    if (!state || *state == ProcessState::gone) {
        return failure(ESRCH, "judge again", "process " + std::to_string(process.pid()) + " is gone", Reason::gone);
    }
    for (const std::shared_ptr<Judge>& other : judges_) {
        if (other && other.get() != &judge && matches_other(*other, facts, process)) {
            return {};
        }
    }
    return failure(ECANCELED, "judge again",
                   "process " + std::to_string(process.pid()) + " was selected, and now has " +
                       judge.checks()[**broken].condition.text + " no longer: it was left alone",
                   Reason::changed);
}

void ProcessSet::close_name_file(std::size_t i) noexcept {
    if (i < name_files_.size()) {
        name_files_[i] = UniqueFd();
    }
}

bool ProcessSet::is_told_of_births() const noexcept {
    return events_ && events_->fd() >= 0 && !events_->has_lost();
}

} // namespace sig2pid
