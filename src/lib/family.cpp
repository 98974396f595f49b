// SPDX-License-Identifier: BSD-2-Clause
#include "lib/family.hpp"

#include "lib/proc_scan.hpp"
#include "lib/select.hpp"
#include "lib/set_builder.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <unistd.h>
#include <utility>

namespace sig2pid {
namespace {

/// Who has not been reaped has its PID, and that PID means it and no other.
Result<ProcessState> state_of(const Family::Member& member) {
    if (member.process) {
        return member.process->state();
    }
    const Result<Process> process = Process::from_token({member.pid, member.inode, std::nullopt});
    if (process) {
        return process->state();
    }
    return sys::is_shortage(process.error().code) ? std::unexpected(process.error())
                                                  : Result<ProcessState>(ProcessState::gone);
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

/// Whether nothing of it can fork any more.
bool has_exited(const proc::Stat& stat) {
    return (stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1;
}

/// As ProcessEvent::time, not later than it was.
std::int64_t start_of(const proc::Stat& stat) {
    static const std::int64_t tick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
    return static_cast<std::int64_t>(stat.start_time) * tick;
}

} // namespace

Result<std::shared_ptr<Family>> Family::select(const Target& target, Kind kind, const Scene& scene) {
    std::shared_ptr<Family> family(new Family(target, kind));
    family->free_descriptors_ = free_descriptors() / 2; // the other half for the selection that this is a part of
    if (kind == Kind::tree) {
        family->seen_ = scene.events->position();
    }
    const Result<std::size_t> grown = family->grow(scene);
    return grown ? Result<std::shared_ptr<Family>>(std::move(family)) : std::unexpected(grown.error());
}

Result<std::size_t> Family::grow(const Scene& scene) {
    const std::size_t before = living_;
    error_.reset();
    Result<> grown = kind_ == Kind::tree ? grow_tree(scene) : add_roots(scene);
    if (!grown) {
        return forward_error(grown);
    }
    return error_ ? std::unexpected(*error_) : Result<std::size_t>(living_ - before);
}

/// Who is known from what the kernel told comes first, and alone: a walk takes longer than many a process lives.
Result<> Family::grow_tree(const Scene& scene) {
    const std::size_t before = living_;
    Facts facts(scene.proc);
    look_at_members();
    if (add_newborn(*scene.events, facts, Until::found) && living_ != before) {
        return {};
    }
    const bool is_settled = target_.names_one() && !members_.empty(); // the PID may be a stranger's by now
    const Result<> roots = is_settled ? Result<>() : add_roots(scene);
    return roots ? walk_until_complete(scene, facts) : roots;
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
        if (!process && sys::is_shortage(process.error().code)) {
            return forward_error(process);
        }
        if (process && !has(process->pid(), &*process)) {
            const proc::Stat* stat = look_at(process->pid(), facts);
            add(std::move(*process), stat);
        }
    }
    return {};
}

/// Repeats the walk if, somebody found or not, births have happened of which nothing is known.
Result<> Family::walk_until_complete(const Scene& scene, Facts& facts) {
    for (int round = 0; round < most_walks; ++round) {
        if (Result<> walked = walk(scene, facts); !walked) {
            return walked;
        }
        if (add_newborn(*scene.events, facts, Until::complete)) {
            return {};
        }
    }
    return failure(ELOOP, "select tree", "more processes come and go than can be looked at");
}

/// Looks at every process once. It has seen who lived all the time meanwhile, and not who was born.
Result<> Family::walk(const Scene& scene, Facts& facts) {
    constexpr std::size_t often = 64; // before the queue of the events is full
    std::vector<Relation> seen;
    Result<> walked = proc::for_each_number(scene.proc, [&](pid_t pid) {
        [[maybe_unused]] const bool is_there = look_at(pid, facts, seen);
        if (seen.size() % often == 0) {
            scene.events->update();
        }
    });
    adopt_from(std::move(seen), facts);
    return walked;
}

/// Adds descendants that were born since the last time, until one was found, or all who were born up to some moment
/// have been looked at and none was gone by then, whose heir may be younger. False: not all births are known, or there
/// was no end, and nobody was found.
bool Family::add_newborn(ProcessEvents& events, Facts& facts, Until until) {
    const std::size_t before = living_;
    for (int look = 0; look < most_newborn_looks && !error_; ++look) {
        events.update();
        const auto happened = events.since(std::exchange(seen_, events.position()));
        if (!happened) {
            descendants_.clear();
            pinned_.clear();
            lineage_.forget();
            look_at_members();
            return false;
        }
        std::ranges::copy(lineage_.apply(*happened), std::back_inserter(descendants_));
        const bool pinned_there = confirm_pinned(facts);
        const bool descendants_there = pin_descendants();
        const bool others_there = look_at_others(*happened, facts);
        const bool is_complete =
            pinned_there && descendants_there && others_there && descendants_.empty() && pinned_.empty();
        if (is_complete || (until == Until::found && living_ != before)) {
            return true;
        }
    }
    return living_ != before;
}

/// Whoever has started later than the birth was told has only got the PID. Whether all are there.
bool Family::confirm_pinned(Facts& facts) {
    bool all_there = true;
    for (Pinned& pinned : std::exchange(pinned_, {})) {
        const proc::Stat* stat = look_at(pinned.process.pid(), facts);
        all_there = all_there && stat != nullptr && !has_exited(*stat);
        if (stat != nullptr && start_of(*stat) <= pinned.born && !has(pinned.process.pid(), &pinned.process)) {
            add(std::move(pinned.process), stat);
        }
    }
    return all_there;
}

/// A few at a time: there may be more than descriptors. Whether these are there.
bool Family::pin_descendants() {
    constexpr std::size_t few = 8;
    bool all_there = true;
    for (; pinned_.size() < few && !descendants_.empty(); descendants_.pop_back()) {
        const ProcessEvent birth = descendants_.back();
        std::optional<Process> process = open(birth.pid);
        if (error_) {
            break;
        }
        all_there = all_there && process;
        if (process && !has(birth.pid, &*process)) {
            pinned_.push_back({std::move(*process), birth.time});
        }
    }
    return all_there;
}

/// As in a walk: they may have been born to a descendant that nobody has seen. Whether all are there.
bool Family::look_at_others(std::span<const ProcessEvent> events, Facts& facts) {
    std::vector<Relation> seen;
    bool all_there = true;
    for (const pid_t pid : born_in(events)) {
        if (!lineage_.has(pid)) {
            all_there = look_at(pid, facts, seen) && all_there;
        }
    }
    adopt_from(std::move(seen), facts);
    return all_there;
}

const proc::Stat* Family::look_at(pid_t pid, Facts& facts) {
    facts.look_at(pid);
    const proc::Stat* stat = facts.stat();
    if (stat == nullptr && sys::is_shortage(facts.error())) {
        error_ = cannot_look_at(pid, facts.error()).error();
    }
    return stat;
}

/// Whether it is there, and no zombie.
bool Family::look_at(pid_t pid, Facts& facts, std::vector<Relation>& seen) {
    const proc::Stat* stat = look_at(pid, facts);
    if (stat != nullptr) {
        seen.push_back({pid, stat->parent, stat->session, stat->group});
    }
    return stat != nullptr && !has_exited(*stat);
}

/// Adopts who belongs to the members, and who belongs to those, in whatever order they were seen.
void Family::adopt_from(std::vector<Relation> seen, Facts& facts) {
    for (std::size_t before = members_.size() + 1; before != members_.size();) {
        before = members_.size();
        std::erase_if(seen, [&](const Relation& relation) {
            const bool is_due = may_belong(relation);
            if (is_due) {
                adopt(relation.pid, facts);
            }
            return is_due;
        });
    }
}

/// Pins it; a failure that does not mean that it is none or gone ends the growth.
std::optional<Process> Family::open(pid_t pid) {
    Result<Process> process = Process::open(pid);
    if (!process && process.error().reason != Reason::gone && process.error().reason != Reason::not_a_leader) {
        error_ = process.error();
    }
    return process ? std::optional(std::move(*process)) : std::nullopt;
}

/// Sees who has exited, and that those who have not are known to the lineage: the kernel may have told nothing of them
/// since they were found, or only that a thread took their first one's place.
void Family::look_at_members() {
    for (Member& member : members_) {
        if (member.has_exited) {
            continue;
        }
        const std::int64_t asked = boot_time_now();
        const Result<ProcessState> state = state_of(member);
        member.has_exited = state && *state != ProcessState::alive;
        if (!state) {
            error_ = state.error();
        }
        if (!member.has_exited && !lineage_.has(member.pid)) {
            lineage_.admit({member.pid, member.started, asked});
        }
    }
}

/// What most do not pass.
bool Family::may_belong(const Relation& relation) const {
    return by_pid_.contains(relation.parent) || by_pid_.contains(relation.session) || by_pid_.contains(relation.group);
}

/// Whether the process of `stat`, which is pinned, descends from a member: by its parent, or when that has died, by its
/// session. Into a session one comes by birth alone, and into a process group from its session alone.
bool Family::belongs(const proc::Stat& stat) {
    const auto parent = by_pid_.find(stat.parent);
    return (parent != by_pid_.end() && has_its_pid(members_[parent->second])) || leads_session(stat.session) ||
           leads_group_of_own_session(stat.group);
}

bool Family::leads_session(pid_t session) {
    const auto found = by_pid_.find(session);
    return found != by_pid_.end() && has_its_number(members_[found->second]);
}

bool Family::leads_group_of_own_session(pid_t group) {
    const auto found = by_pid_.find(group);
    return found != by_pid_.end() && members_[found->second].in_own_session && has_its_number(members_[found->second]);
}

/// Pins the process that `facts` looks at and adds it, if it belongs to the members still.
void Family::adopt(pid_t pid, Facts& facts) {
    std::optional<Process> process = open(pid);
    if (!process || has(pid, &*process)) {
        return;
    }
    const proc::Stat* stat = look_at(pid, facts);
    if (stat != nullptr && belongs(*stat)) {
        add(std::move(*process), stat);
    }
}

bool Family::has(pid_t pid, const Process* process) const {
    const auto found = by_pid_.find(pid);
    return found != by_pid_.end() && (process == nullptr || members_[found->second].inode == process->inode());
}

Result<bool> Family::is_parent(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    if (found == by_pid_.end()) {
        return false;
    }
    const Result<ProcessState> state = state_of(members_[found->second]);
    return state ? Result<bool>(*state != ProcessState::gone) : std::unexpected(state.error());
}

bool Family::has_its_pid(const Member& member) {
    const Result<ProcessState> state = state_of(member);
    if (!state) {
        error_ = state.error();
    }
    return state && *state != ProcessState::gone;
}

/// Whether the number of the member is still its own, as PID or as process group.
bool Family::has_its_number(const Member& member) {
    return has_its_pid(member) || has_its_group(member);
}

/// \param stat was read after the process was pinned; null: it could not be.
void Family::add(Process process, const proc::Stat* stat) {
    by_pid_[process.pid()] = members_.size();
    members_.push_back({process.pid(), process.inode(), std::nullopt});
    Member& member = members_.back();
    member.has_exited = stat != nullptr && has_exited(*stat);
    living_ += member.has_exited ? 0U : 1U;
    const bool leads = stat == nullptr || stat->session == member.pid || stat->group == member.pid;
    if (free_descriptors_ > 0 && (leads || !member.has_exited)) {
        --free_descriptors_;
        member.process = std::move(process);
    }
    member.in_own_session =
        stat != nullptr && has_its_pid(member) && (stat->session == member.pid || leads_session(stat->session));
    member.started = stat != nullptr ? start_of(*stat) : 0;
    const std::int64_t asked = boot_time_now();
    if (const Result<ProcessState> state = state_of(member); state && *state == ProcessState::alive) {
        lineage_.admit({member.pid, member.started, asked});
    }
}

} // namespace sig2pid
