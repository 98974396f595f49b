// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/facts.hpp"

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
};

/// The processes of a nested target, and for a tree all their descendants. Each is pinned.
class Family {
public:
    enum class Kind { parents, tree };

    /// Selects the target. A target that matches nothing is its miss's error.
    [[nodiscard]] static Result<std::shared_ptr<Family>> select(const Target& target, Kind kind, const Scene& scene);

    /// Looks for processes of the target that are new, and in a tree for descendants until there are no more. Those
    /// whose parents have died are found if they are known already, or have stayed in the session of a member: into a
    /// session one comes by birth alone, so all of it descends from its leader.
    [[nodiscard]] Result<> grow(const Scene& scene);

    /// Whether the process is a member, by PID and inode; by PID alone without a pin.
    [[nodiscard]] bool has(pid_t pid, const Process* process) const;

    /// Whether a member that still holds its PID has this one: nobody else can be the parent then.
    [[nodiscard]] bool is_parent(pid_t pid) const;

    struct Member {
        pid_t pid = 0;
        std::uint64_t inode = 0;
        std::optional<Process> process; ///< none: beyond the limit of descriptors
        bool in_own_session = false;    ///< a member leads its session: all of that descends from members
    };
    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }

private:
    Family(Target target, Kind kind) : target_(std::move(target)), kind_(kind) {}

    [[nodiscard]] Result<> add_roots(const Scene& scene);
    [[nodiscard]] Result<std::size_t> add_descendants(const Scene& scene);
    [[nodiscard]] bool may_belong(const proc::Stat& stat) const;
    [[nodiscard]] bool belongs(const proc::Stat& stat) const;
    [[nodiscard]] bool leads_session(pid_t session) const;
    [[nodiscard]] bool leads_group_of_own_session(pid_t group) const;
    void adopt(pid_t pid, Facts& facts);
    void add(Process process, const proc::Stat* stat);

    Target target_;
    Kind kind_;
    std::vector<Member> members_;
    std::size_t free_descriptors_ = 0;
    std::unordered_map<pid_t, std::size_t> by_pid_; ///< the youngest member of each PID
};

} // namespace sig2pid
