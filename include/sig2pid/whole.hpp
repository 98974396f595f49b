// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/frozen_cgroup.hpp>
#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace sig2pid {

/// The control groups of version 2 that targets mean as a whole (Target::whole_cgroup()), frozen as long as this lives:
/// none of them can fork away from a signal. Those of version 1 cannot be frozen and run on.
///
/// A program that a signal ends meanwhile leaves them frozen: let SIGINT and the like wait, as a Receiver does.
class FrozenTargets {
public:
    /// Waits up to two seconds for each group to stand still, and no longer once `cancel_fd` is readable.
    explicit FrozenTargets(std::span<const Target> targets, int cancel_fd = -1);

    /// How many groups are frozen.
    [[nodiscard]] std::size_t size() const noexcept { return groups_.size(); }

    /// How many processes are in them, also those that no selection matches.
    [[nodiscard]] Result<std::size_t> count() const;

    /// Sends SIGKILL to each group as a whole, by cgroup.kill: so dies too who was put there at the last moment. For
    /// groups of which all that count() told was selected and may be killed: the kernel asks no more than whether the
    /// file may be written to. Linux 5.14; before, ENOENT.
    [[nodiscard]] Result<> kill();

    /// Why others are not, as FrozenCgroup::freeze() says it: EDEADLK, EACCES, ETIMEDOUT, ECANCELED.
    [[nodiscard]] std::span<const Error> failures() const noexcept { return failures_; }

private:
    std::vector<FrozenCgroup> groups_;
    std::vector<Error> failures_;
};

/// Who else is meant than the members of a set.
enum class Newcomers {
    none,
    matching ///< who comes to match the targets of the set: new processes of a `cgroup:`, or descendants, of a `tree:`
};

/// Whether those of a tree run while they are acted on.
enum class Trees {
    running,
    stopped ///< SIGSTOP before, SIGCONT after: for SIGKILL, after which nobody is left to tell whose child an orphan
            ///< was
};

struct ActOptions {
    Newcomers newcomers = Newcomers::none;
    Trees trees = Trees::running; ///< of a set with a `tree:` target, and with newcomers
    SelectOptions select = {};    ///< how newcomers are looked for; its `cancel_fd` counts for all
};

/// Acts on one member: its index in the set, and its pin. `held` is an error when it must not be acted on: ESRCH/gone,
/// ECANCELED/changed (see ProcessSet::judge_again()), or EMFILE and the like; `process` is null when it could not be
/// pinned.
using Act = std::function<void(std::size_t index, const Process* process, const Result<>& held)>;

/// Calls `act` once with each member of the set, pinned and judged again, and then with the newcomers, which the set
/// takes in, until there are no more. To signal a selection so that none escapes: FrozenTargets, select(), and this
/// with deliver().
/// \return the errors of select_more() and hold_still(), when all that were known by then have been acted on.
/// ECANCELED/cancelled when it was called off before: who has not been acted on is left alone.
[[nodiscard]] Result<> act_on_all(ProcessSet& set, const ActOptions& options, const Act& act);

} // namespace sig2pid
