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

/// Looks through all of /proc for who matches. For judges of conditions that can be swept: see can_sweep().
[[nodiscard]] Result<Part> look_through_all(const Judge& judge, Ancestry ancestry, const Scene& scene, const Take& take,
                                            const Division& division);

/// sweep(), divided so.
[[nodiscard]] Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                                        const Division& division);

} // namespace sig2pid
