// SPDX-License-Identifier: BSD-2-Clause
// A target made ready to judge processes: names looked up, nested targets resolved.
#pragma once

#include "lib/cgroup.hpp"
#include "lib/facts.hpp"
#include "lib/family.hpp"

#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>

#include <array>
#include <memory>
#include <variant>
#include <vector>

namespace sig2pid {

enum class Holds {
    yes,
    no,
    unreadable, ///< /proc does not show it to us
    gone
};

/// A condition with what it is compared with.
struct Check {
    struct NameSpace {
        std::string kind;
        Facts::FileId id;
    };
    struct Place {
        std::string path;                    ///< a path without symbolic links
        std::optional<Facts::FileId> mounts; ///< our namespace of mounts, in which it means something
        std::optional<Facts::FileId> root;   ///< our root directory
    };
    struct Executable {
        Place place;
        std::optional<Facts::FileId> id; ///< of the file there now
    };
    struct Lifetime {
        std::uint64_t started = 0; ///< clock ticks since boot
    };
    struct Unit {
        uid_t user = 0; ///< whose manager's units count, besides the system's
    };
    using Operand = std::variant<std::monostate, uid_t, int, Token, CgroupPlace, Unit, Executable, Lifetime,
                                 std::vector<NameSpace>, std::shared_ptr<Family>>;

    Condition condition;
    Operand operand;
};

class Judge {
public:
    /// Looks up what the conditions name. Errors with Reason::bad_input are mistakes of who wrote them; others say that
    /// what they name is not there now.
    [[nodiscard]] static Result<std::shared_ptr<Judge>> prepare(const Target& target, const Scene& scene);

    /// Where to look for candidates.
    enum class Seeds {
        everywhere, ///< all of /proc
        named,      ///< the one process that the target names
        family      ///< the members of a tree
    };
    [[nodiscard]] Seeds seeds() const noexcept { return seeds_; }

    /// The one process, of Seeds::named. ESRCH/gone; EMFILE.
    [[nodiscard]] Result<Process> pin() const;

    /// The tree, of Seeds::family.
    [[nodiscard]] const Family& family() const noexcept { return *family_; }

    /// Whether the target may name this process, its ancestors, PID 1 and the like.
    [[nodiscard]] bool is_explicit() const noexcept { return is_explicit_; }

    /// Whether zombies were asked for.
    [[nodiscard]] bool wants_zombies() const noexcept { return wants_zombies_; }

    /// Whether a member may make new ones while we look: a tree, children, a cgroup, a unit.
    [[nodiscard]] bool is_growing() const noexcept { return is_growing_; }

    /// Looks once for new members of the families; how many there were.
    [[nodiscard]] Result<std::size_t> grow(const Scene& scene);

    /// In the order in which they are judged, the cheapest first.
    [[nodiscard]] std::span<const Check> checks() const noexcept { return checks_; }

    /// How the i-th condition stands to the process that `facts` looks at. `pin` is its pin, null before it has one.
    [[nodiscard]] Result<Holds> judge(std::size_t i, Facts& facts, const Process* pin) const;

    /// Whether the i-th condition can cease to hold while the process lives.
    [[nodiscard]] bool can_change(std::size_t i) const noexcept;

private:
    Judge() = default;

    [[nodiscard]] Result<> add(const Condition& condition, const Scene& scene);
    [[nodiscard]] Result<> add_named(const Condition& condition, const Scene& scene);

    std::vector<Check> checks_;
    Token named_;                 ///< there may be more targets than descriptors
    std::optional<Process> held_; ///< of a descriptor: its PID may mean nothing here
    std::shared_ptr<Family> family_;
    Seeds seeds_ = Seeds::everywhere;
    bool is_explicit_ = false;
    bool wants_zombies_ = false;
    bool is_growing_ = false;
};

} // namespace sig2pid
