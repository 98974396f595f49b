// SPDX-License-Identifier: BSD-2-Clause
// `send` to all that one target matches, each the moment it is found.
#pragma once

#include "cli/send_report.hpp"

#include <sig2pid/target.hpp>

#include <functional>

namespace sig2pid::cli {

/// Whether the report tells names: each costs a look more.
enum class Names { untold, told };

/// Calls `act` for each, from several threads where there are hundreds of processes, and reports in the order of the
/// PIDs what it returned: the exit code. Once `cancel_fd` is readable, `act` is called no more.
[[nodiscard]] int send_in_a_sweep(const Target& target, const std::function<Outcome(const Process&)>& act, Names names,
                                  int cancel_fd, SendReports& reports);

} // namespace sig2pid::cli
