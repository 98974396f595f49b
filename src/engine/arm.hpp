// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>

#include <optional>

namespace sig2pid::engine {

/// Pins a rule's target and judges it before anything is armed: that it lives, that kill(2) would permit the signal,
/// and that the signal would not end it by mistake. Nothing for a named target, which needs CAP_KILL: it may be
/// anyone's.
/// \return ESRCH/gone, EPERM/no_permission, ECANCELED for a target that does not expect the signal.
[[nodiscard]] Result<std::optional<Process>> pin_target(const RuleText& rule);

} // namespace sig2pid::engine
