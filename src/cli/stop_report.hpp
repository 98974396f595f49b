// SPDX-License-Identifier: BSD-2-Clause
// How an escalation went, for people and for machines.
#pragma once

#include "cli/targets.hpp"

#include <sig2pid/escalation.hpp>

namespace sig2pid::cli {

/// One JSON object, or one row of a table, for each process.
void print_endings(const EscalationReport& report, const Chosen& chosen, Format format);

/// "7 of 10 gone, SIGTERM sent; SIGKILL at 10s".
[[nodiscard]] std::string text_of(const EscalationProgress& progress);

/// Says when a tree may have left somebody behind whom nobody could see.
void warn_of_unseen(const EscalationReport& report, const Chosen& chosen);

/// What happened to the whole, on standard error, where not all have ended; and the exit code.
[[nodiscard]] ExitCode conclude(const EscalationReport& report, const Chosen& chosen);

} // namespace sig2pid::cli
