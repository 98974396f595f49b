// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/divided.hpp"
#include "lib/scout.hpp"

#include <sig2pid/sweep.hpp>

namespace sig2pid {

/// What was found: for an explanation, and what ended it.
struct Part {
    Tally tally;
    std::optional<Error> error;
};

/// Takes one that matches, pinned, and from the scout what else it knows of it. Several threads call it at once, each
/// with a number of its own, below Division::threads.
using Take = std::function<void(std::size_t thread, Process&& process, Scout& scout)>;

/// The processes there are, by their PIDs.
struct Candidates {
    std::size_t count; ///< about: threads and memory are sized by it, no more
    /// Gives the next few; several threads call it at once. False: there are no more.
    std::function<Result<bool>(std::vector<pid_t>& pids)> next;
};

/// All are listed first: what starts from then on is none of them.
[[nodiscard]] Result<Candidates> list_before(int proc, const Division& division);

/// Listed by who looks at them, a piece at a time: to list thousands takes milliseconds, in which other threads would
/// have nothing to do.
[[nodiscard]] Result<Candidates> list_meanwhile(int proc, const Division& division);

/// Looks through all of them for who matches. For judges of conditions that can be swept: see can_sweep().
[[nodiscard]] Part look_through_all(const Candidates& candidates, const Judge& judge, Ancestry ancestry,
                                    const Scene& scene, const Take& take, const Division& division);

/// sweep(), divided so.
[[nodiscard]] Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                                        const Division& division, int cancel_fd = -1);

} // namespace sig2pid
