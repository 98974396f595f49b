// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/target.hpp>

#include <cstddef>
#include <functional>

namespace sig2pid {

/// Whether sweep() takes the target: one that judges each process by itself, and cannot fail at one when others have
/// been acted on. Not one that names a process (PID, token, `fd:`, `pidfile:`), not one whose processes can multiply
/// (Target::can_grow()), and not `cmd:`, whose expression may take too long.
[[nodiscard]] bool can_sweep(const Target& target) noexcept;

/// Acts on each process that matches as soon as it is found: pinned, judged while it was pinned, there after that, and
/// then at once `act`. What select() and ProcessSet::judge_again() do one after the other for all is one step here,
/// which is faster, and needs a few descriptors however many match. Who never matches is as with select().
///
/// The PIDs are listed first, so that what a supervisor starts in place of a process that `act` ended is left alone,
/// unless it gets the PID of one that ended meanwhile.
///
/// `act` must not throw. From some hundred processes on there are several threads, with all signals blocked, that
/// call it: at the same time, each process once, in no order.
/// \return how many matched. ESRCH/gone for none, with the condition that left none over; EINVAL/bad_input for a target
/// that can_sweep() refuses; others as select(). EMFILE and the like, and ECANCELED/cancelled once `cancel_fd` is
/// readable (see WaitOptions::cancel_fd), may come when some have been acted on.
[[nodiscard]] Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                                        int cancel_fd = -1);

} // namespace sig2pid
