// SPDX-License-Identifier: BSD-2-Clause
#include "lib/family.hpp"

#include "lib/proc_scan.hpp"
#include "lib/select.hpp"
#include "lib/set_builder.hpp"

#include <algorithm>
#include <cerrno>

namespace sig2pid {
namespace {

// Each round is a walk over /proc, so who outruns this many forks faster than it can be read.
constexpr int most_rounds = 1000;

/// Whether the member has not been reaped: as long as it has its PID, that PID means it and no other.
bool has_its_pid(const Family::Member& member) {
    if (!member.process) {
        return Process::from_token({member.pid, member.inode, std::nullopt}).has_value();
    }
    const Result<ProcessState> state = member.process->state();
    return state && *state != ProcessState::gone;
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
    if (Result<> roots = add_roots(scene); !roots) {
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
        if (round == most_rounds) {
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
    for (std::size_t i = 0; i < roots.size(); ++i) {
        Result<Process> process = i < roots.held_.size() ? std::move(roots.held_[i]) : roots.pin(i);
        if (process && !has(process->pid(), &*process)) {
            add(std::move(*process));
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
        if (stat != nullptr && by_pid_.contains(stat->parent)) {
            adopt(pid, facts);
        }
    });
    if (!walked) {
        return std::unexpected(walked.error());
    }
    return members_.size() - before;
}

/// Pins the process that `facts` looks at and adds it, if it is a member's child still.
void Family::adopt(pid_t pid, Facts& facts) {
    Result<Process> process = Process::open(pid);
    if (!process || has(pid, &*process)) {
        return;
    }
    facts.look_again();
    const proc::Stat* stat = facts.stat();
    if (stat != nullptr && is_parent(stat->parent)) {
        add(std::move(*process));
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

void Family::add(Process process) {
    const bool hold = free_descriptors_ > 0;
    free_descriptors_ -= hold ? 1U : 0U;
    by_pid_[process.pid()] = members_.size();
    members_.push_back({process.pid(), process.inode(), std::nullopt});
    if (hold) {
        members_.back().process = std::move(process);
    }
}

} // namespace sig2pid
