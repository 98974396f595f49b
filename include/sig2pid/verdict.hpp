// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

namespace sig2pid {

/// How one attempt to signal one process ended. Every attempt ends in exactly one.
enum class Verdict {
    delivered, ///< in the target's queue
    coalesced, ///< a standard signal was already pending: the target sees one, with the first payload
    ignored,   ///< the target discards it
    unhandled, ///< refused: the default action would end the target, and nobody asked for that
    overflow,  ///< the target's queue is full
    gone,      ///< the target has exited and was reaped
    denied,    ///< not permitted; the Error beside it says why
    zombie,    ///< the target has exited and waits for its parent: nothing reaches it
    limited    ///< held back by a rate limit
};

/// The name as it appears in output, "delivered" for one.
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

} // namespace sig2pid
