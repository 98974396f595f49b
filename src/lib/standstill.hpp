// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/process.hpp>
#include <sig2pid/wait.hpp>

#include <functional>

namespace sig2pid {

constexpr int most_rounds = 1000; ///< of looking for newcomers while all that are known stand still

/// Waits until all threads of a process that was sent SIGSTOP are stopped. A fork(2) that was under way then is
/// finished all the same, so only who stands still has no child that is not there yet.
///
/// Who sleeps uninterruptibly is not waited for: it waits for a device, or in vfork(2) for a child, which is there. Nor
/// is who is in a control group of version 2 that somebody has frozen.
/// \param called_off whether to wait no longer; null: nobody calls it off
/// \return false: `until` came first, or it was called off
[[nodiscard]] bool await_standstill(const Process& process, Deadline until,
                                    const std::function<bool()>& called_off = nullptr);

} // namespace sig2pid
