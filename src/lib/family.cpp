// SPDX-License-Identifier: BSD-2-Clause
#include "lib/family.hpp"

#include "lib/proc_scan.hpp"
#include "lib/select.hpp"
#include "lib/set_builder.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>

namespace sig2pid {
namespace {

// Each round is a walk over /proc, so who outruns this many forks faster than it can be read.
constexpr int most_walks = 1000;

/// Whether the member has not been reaped: as long as it has its PID, that PID means it and no other.
bool has_its_pid(const Family::Member& member) {
    if (!member.process) {
        return Process::from_token({member.pid, member.inode, std::nullopt}).has_value();
    }
    const Result<ProcessState> state = member.process->state();
    return state && *state != ProcessState::gone;
}

/// Whether a process group of that number is the one that the member leads, or led before it was reaped: as long as it
/// has processes, the number means it and no other. Asked through the pidfd, which names the group of that very
/// process; before Linux 6.9 that cannot be asked.
bool has_its_group(const Family::Member& member) {
    if (!member.process) {
        return false;
    }
    const int status = sys::calls().pidfd_send_signal(member.process->fd(), 0, nullptr, sys::scope_group);
    return status == 0 || status == -EPERM;
}

/// Whether the number of the member is still its own, as PID or as process group.
bool has_its_number(const Family::Member& member) {
    return has_its_pid(member) || has_its_group(member);
}

} // namespace

Result<std::shared_ptr<Family>> Family::select(const Target& target, Kind kind, const Scene& scene) {
    std::shared_ptr<Family> family(new Family(target, kind));
    family->free_descriptors_ = free_descriptors() / 2; // the other half for the selection that this is a part of
    if (Result<> grown = family->grow(scene); !grown) {
        return forward_error(grown);
    }
    return family;
}

Result<> Family::grow(const Scene& scene) {
    const bool is_settled = target_.names_one() && !members_.empty(); // the PID may be a stranger's by now
    if (Result<> roots = is_settled ? Result<>() : add_roots(scene); !roots) {
        return roots;
    }
    for (int round = 0; kind_ == Kind::tree; ++round) {
        Result<std::size_t> added = add_descendants(scene);
        if (!added) {
            return forward_error(added);
        }
        if (*added == 0) {
            break;
        }
        if (round == most_walks) {
            return failure(ELOOP, "select tree",
                           "the tree of '" + target_.text() + "' grows faster than it can be read");
        }
    }
    return {};
}

Result<> Family::add_roots(const Scene& scene) {
    SelectOptions options = scene.options;
    options.max.reset();
    options.pick = Pick::all;
    ProcessSet roots({target_});
    if (Result<> selected = select_into(roots, options, Ancestry::included); !selected) {
        return selected;
    }
    if (roots.empty() && members_.empty()) {
        return std::unexpected(roots.misses().front().error);
    }
    Facts facts(scene.proc);
    for (std::size_t i = 0; i < roots.size(); ++i) {
        Result<Process> process = i < roots.held_.size() ? std::move(roots.held_[i]) : roots.pin(i);
        if (process && !has(process->pid(), &*process)) {
            facts.look_at(process->pid());
            add(std::move(*process), facts.stat());
        }
    }
    return {};
}

Result<std::size_t> Family::add_descendants(const Scene& scene) {
    const std::size_t before = members_.size();
    Facts facts(scene.proc);
    const Result<> walked = proc::for_each_number(scene.proc, [&](pid_t pid) {
        facts.look_at(pid);
        const proc::Stat* stat = facts.stat();
        if (stat != nullptr && may_belong(*stat)) {
            adopt(pid, facts);
        }
    });
    if (!walked) {
        return std::unexpected(walked.error());
    }
    return members_.size() - before;
}

/// A cheap look, which most do not pass.
bool Family::may_belong(const proc::Stat& stat) const {
    return by_pid_.contains(stat.parent) || by_pid_.contains(stat.session) || by_pid_.contains(stat.group);
}

/// Whether the process of `stat`, which is pinned, descends from a member: by its parent, or when that has died, by its
/// session. Into a session one comes by birth alone, and into a process group from its session alone.
bool Family::belongs(const proc::Stat& stat) const {
    return is_parent(stat.parent) || leads_session(stat.session) || leads_group_of_own_session(stat.group);
}

bool Family::leads_session(pid_t session) const {
    const auto found = by_pid_.find(session);
    return found != by_pid_.end() && has_its_number(members_[found->second]);
}

bool Family::leads_group_of_own_session(pid_t group) const {
    const auto found = by_pid_.find(group);
    return found != by_pid_.end() && members_[found->second].in_own_session && has_its_number(members_[found->second]);
}

/// Pins the process that `facts` looks at and adds it, if it belongs to the members still.
void Family::adopt(pid_t pid, Facts& facts) {
    Result<Process> process = Process::open(pid);
    if (!process || has(pid, &*process)) {
        return;
    }
    facts.look_again();
    const proc::Stat* stat = facts.stat();
    if (stat != nullptr && belongs(*stat)) {
        add(std::move(*process), stat);
    }
}

bool Family::has(pid_t pid, const Process* process) const {
    const auto found = by_pid_.find(pid);
    return found != by_pid_.end() && (process == nullptr || members_[found->second].inode == process->inode());
}

bool Family::is_parent(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    return found != by_pid_.end() && has_its_pid(members_[found->second]);
}

/// \param stat was read after the process was pinned; null: it could not be.
void Family::add(Process process, const proc::Stat* stat) {
    const bool hold = free_descriptors_ > 0;
    free_descriptors_ -= hold ? 1U : 0U;
    by_pid_[process.pid()] = members_.size();
    members_.push_back({process.pid(), process.inode(), std::nullopt});
    Member& member = members_.back();
    if (hold) {
        member.process = std::move(process);
    }
    member.in_own_session =
        stat != nullptr && has_its_pid(member) && (stat->session == member.pid || leads_session(stat->session));
}

} // namespace sig2pid
