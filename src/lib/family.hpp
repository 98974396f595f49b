// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/facts.hpp"
#include "lib/lineage.hpp"
#include "lib/process_events.hpp"

#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>

#include <unordered_map>
#include <vector>

namespace sig2pid {

/// What one selection knows of the world.
struct Scene {
    int proc;                      ///< /proc, open
    const std::vector<pid_t>& own; ///< this process and its ancestors
    const SelectOptions& options;
    ProcessEvents* events; ///< null where nobody may multiply
};

/// The processes of a nested target, and for a tree all their descendants. Each is pinned.
class Family {
public:
    enum class Kind { parents, tree };

    /// Selects the target. A target that matches nothing is its miss's error.
    [[nodiscard]] static Result<std::shared_ptr<Family>> select(const Target& target, Kind kind, const Scene& scene);

    /// Looks once for processes of the target that are new, and in a tree for descendants; how many lived. None: there
    /// is no more, at least if all members stand still. Found ones are given at once, so that they can be
    /// stopped.
    ///
    /// Those whose parents have died are found if they are known already, if the kernel tells of births, or if they
    /// have stayed in the session of a member: into a session one comes by birth alone, so all of it descends from its
    /// leader.
    [[nodiscard]] Result<std::size_t> grow(const Scene& scene);

    /// Whether the process is a member, by PID and inode; by PID alone without a pin.
    [[nodiscard]] bool has(pid_t pid, const Process* process) const;

    /// Whether a member that still holds its PID has this one: nobody else can be the parent then. EMFILE.
    [[nodiscard]] Result<bool> is_parent(pid_t pid) const;

    struct Member {
        pid_t pid = 0;
        std::uint64_t inode = 0;
        std::optional<Process> process; ///< none: beyond the limit of descriptors
        bool has_exited = false;        ///< as far as it was seen
        std::int64_t started = 0;       ///< as ProcessEvent::time, to the tick
        bool in_own_session = false;    ///< a member leads its session: all of that descends from members
    };
    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }

private:
    Family(Target target, Kind kind) : target_(std::move(target)), kind_(kind) {}

    [[nodiscard]] Result<> add_roots(const Scene& scene);
    /// Whom a process has above it, as it was seen.
    struct Relation {
        pid_t pid = 0;
        pid_t parent = 0;
        pid_t session = 0;
        pid_t group = 0;
    };

    [[nodiscard]] Result<> grow_tree(const Scene& scene);
    [[nodiscard]] Result<> walk_until_complete(const Scene& scene, Facts& facts);
    [[nodiscard]] Result<> walk(const Scene& scene, Facts& facts);
    /// When it is enough.
    enum class Until { found, complete };
    [[nodiscard]] bool add_newborn(ProcessEvents& events, Facts& facts, Until until);
    [[nodiscard]] bool confirm_pinned(Facts& facts);
    [[nodiscard]] bool pin_descendants();
    [[nodiscard]] bool look_at_others(std::span<const ProcessEvent> events, Facts& facts);
    [[nodiscard]] std::optional<Process> open(pid_t pid);
    void look_at_members();
    const proc::Stat* look_at(pid_t pid, Facts& facts);
    bool look_at(pid_t pid, Facts& facts, std::vector<Relation>& seen);
    void adopt_from(std::vector<Relation> seen, Facts& facts);
    [[nodiscard]] bool may_belong(const Relation& relation) const;
    [[nodiscard]] bool belongs(const proc::Stat& stat);
    [[nodiscard]] bool leads_session(pid_t session);
    [[nodiscard]] bool leads_group_of_own_session(pid_t group);
    [[nodiscard]] bool has_its_pid(const Member& member);
    [[nodiscard]] bool has_its_number(const Member& member);
    void adopt(pid_t pid, Facts& facts);
    void add(Process process, const proc::Stat* stat);

    Target target_;
    Kind kind_;
    std::vector<Member> members_;
    std::size_t living_ = 0; ///< members that had not exited when they were found
    std::size_t free_descriptors_ = 0;
    std::unordered_map<pid_t, std::size_t> by_pid_; ///< the youngest member of each PID
    Lineage lineage_;
    ProcessEvents::Position seen_ = 0;      ///< the events up to there are taken in
    std::vector<ProcessEvent> descendants_; ///< births by descent, to be pinned
    struct Pinned {
        Process process;
        std::int64_t born;
    };
    std::vector<Pinned> pinned_; ///< of those who were, to be confirmed
    std::optional<Error> error_; ///< ends the growth
};

} // namespace sig2pid
