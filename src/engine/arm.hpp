// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/verdict.hpp>

#include <optional>

namespace sig2pid::engine {

/// Pins a rule's target before anything is armed, and makes sure that it lives and that kill(2) would permit the
/// signal. Nothing for a named target, which needs CAP_KILL: it may be anyone's.
/// \return ESRCH/gone, EPERM/no_permission.
[[nodiscard]] Result<std::optional<Process>> pin_target(const RuleText& rule);

/// Makes sure that the signal would not end the target by mistake. `seen` is the kernel's own judgement, where it has
/// one; /proc cannot show that a thread waits for the signal in sigwait(3).
/// \return ECANCELED for a target that does not expect the signal.
[[nodiscard]] Result<> judge_target(const Process& process, const RuleText& rule, std::optional<Verdict> seen);

} // namespace sig2pid::engine
