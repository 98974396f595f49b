// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/target.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sig2pid {

class Judge;
class ProcessEvents;

/// The processes that a selector matched: each once, pinned, in the order of their PIDs; what select_more() added comes
/// after them.
///
/// A pin is a descriptor. What is beyond the limit of descriptors (see raise_descriptor_limit()) is kept as a token,
/// pinned when needed and compared: pin() and with() hide the difference. held() is all of them as a rule.
class ProcessSet {
public:
    struct Member {
        pid_t pid = 0;            ///< as when it was pinned
        std::uint64_t inode = 0;  ///< that of the token
        std::size_t argument = 0; ///< the first target of the selector that it matched
        std::string name;         ///< comm, where a condition asked for it; else empty

        [[nodiscard]] Token token() const { return {pid, inode, boot_id()}; }
    };

    /// A target of the selector that matched nothing.
    struct Miss {
        std::size_t argument = 0;
        Error error; ///< gone with the condition that left none over, or why an explicit target could not be pinned
    };

    explicit ProcessSet(std::vector<Target> targets) : targets_(std::move(targets)) {}

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
    [[nodiscard]] const Member& operator[](std::size_t i) const noexcept { return members_[i]; }
    [[nodiscard]] std::span<const Member> members() const noexcept { return members_; }
    [[nodiscard]] std::span<const Miss> misses() const noexcept { return misses_; }

    /// How many descendants of a `tree:` matched, and were left out, as they are in other PID namespaces: when select()
    /// was called.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

    /// Whether the kernel has told of all births since, so that of a `tree:` those too are found who lose their parents
    /// before anybody can look at them. See sig2pid-stop(1), LIMITS.
    [[nodiscard]] bool is_told_of_births() const noexcept;

    /// Those of the selector.
    [[nodiscard]] std::span<const Target> targets() const noexcept { return targets_; }

    /// The target of the selector that the i-th member matched first.
    [[nodiscard]] const Target& target(std::size_t i) const noexcept { return targets_[members_[i].argument]; }

    /// Those members that are pinned all the time: the first ones, held()[i] being members()[i].
    [[nodiscard]] std::span<const Process> held() const noexcept { return held_; }
    [[nodiscard]] bool is_all_held() const noexcept { return held_.size() == members_.size(); }

    /// Gives away the pins of held(), which is empty from then on: the set keeps tokens.
    [[nodiscard]] std::vector<Process> take_held() noexcept { return std::exchange(held_, {}); }

    /// A pin of the i-th of one's own. ESRCH/gone; EMFILE.
    [[nodiscard]] Result<Process> pin(std::size_t i) const;

    /// Calls `act` with the i-th, a `const Process&`, pinned at least until it returns. ESRCH/gone, EMFILE: not called.
    template <typename Act> [[nodiscard]] Result<> with(std::size_t i, Act&& act) const {
        if (i < held_.size()) {
            std::forward<Act>(act)(held_[i]);
            return {};
        }
        Result<Process> process = pin(i);
        if (!process) {
            return forward_error(process);
        }
        std::forward<Act>(act)(std::as_const(*process));
        return {};
    }

    /// Judges the i-th again, just before it is signalled: an exec changes a name, a setuid(2) a user. `process` is its
    /// pin. Conditions that cannot change are not read again.
    /// It may hold of what is gone: then the signal that follows is what fails.
    /// \return ESRCH/gone; ECANCELED/changed with the condition that no longer holds.
    [[nodiscard]] Result<> judge_again(std::size_t i, const Process& process) const;

private:
    friend class Escalation;
    friend class SetBuilder;
    friend class Family;
    friend class Offspring;

    /// Of a member that will not be judged again. Threads may do this for different ones at once.
    void close_name_file(std::size_t i) noexcept;

    std::vector<Target> targets_;
    std::vector<std::shared_ptr<Judge>> judges_; ///< one a target; null where it could not be prepared
    std::vector<Member> members_;
    std::vector<Process> held_;
    std::vector<Miss> misses_;
    std::size_t left_out_ = 0;
    std::vector<UniqueFd> name_files_; ///< the open comm of the first members, where there is one, for judging again
    UniqueFd proc_;                    ///< /proc, for the same
    std::shared_ptr<ProcessEvents> events_; ///< where a target's processes may multiply
};

/// Raises the soft limit of descriptors (RLIMIT_NOFILE) to the hard one: the limit now. For programs: a library that
/// is part of one leaves limits alone, and select() keeps within them.
std::size_t raise_descriptor_limit() noexcept;

} // namespace sig2pid
