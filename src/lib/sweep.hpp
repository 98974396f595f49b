// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/scout.hpp"

#include <sig2pid/sweep.hpp>

namespace sig2pid {

/// How the work is divided.
struct Division {
    std::size_t threads = 1; ///< at most, the caller's among them
    std::size_t piece = 256; ///< PIDs that a thread takes at a time
    std::size_t worth = 512; ///< PIDs for which another thread is worth starting
};

/// By the processors there are.
[[nodiscard]] Division usual_division() noexcept;

/// What was found: for an explanation, and what ended it.
struct Part {
    Tally tally;
    std::optional<Error> error;
};

/// Takes one that matches, pinned, and its name, where a condition asked for it. Several threads call it at once.
using Take = std::function<void(Process&& process, std::string_view name)>;

/// Looks through all of /proc for who matches. For judges of conditions that can be swept: see can_sweep().
[[nodiscard]] Result<Part> look_through_all(const Judge& judge, Ancestry ancestry, const Scene& scene, const Take& take,
                                            const Division& division);

/// sweep(), divided so.
[[nodiscard]] Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                                        const Division& division);

} // namespace sig2pid
