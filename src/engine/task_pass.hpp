// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/signal.hpp>

#include "bpf/wire.h"

#include <functional>
#include <optional>

namespace sig2pid::engine {

/// Loads the program that looks at each process, runs it over all, and hands over what it found, in no order. Who was
/// started after that is not found.
/// \param signal sent to each in the kernel; none: only found
/// \return EPERM and what is missing; ENOENT without BTF; ELOOP when there were thousands more than a moment before,
/// after those that were found have been handed over
[[nodiscard]] Result<> run_task_pass(s2p_selection selection, std::optional<Signal> signal,
                                     const std::function<void(const s2p_found&)>& found);

/// How many processes there are, by the kernel's own count: a guess, for they come and go.
[[nodiscard]] std::size_t process_count();

} // namespace sig2pid::engine
