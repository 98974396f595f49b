// SPDX-License-Identifier: BSD-2-Clause
// A tree or a control group as a whole: none of it may escape by forking while it is signalled.
#pragma once

#include "cli/select.hpp"

#include <sig2pid/receiver.hpp>
#include <sig2pid/whole.hpp>

#include <optional>
#include <string_view>

namespace sig2pid::cli {

/// Whether those that appear meanwhile are meant too.
[[nodiscard]] bool is_growing(const Choice& choice, const SelectWords& words);

/// Lets Ctrl-C and the like wait while this lives: they must not leave a group frozen, or a tree stopped.
[[nodiscard]] std::optional<Receiver> hold_off_enders(std::string_view command);

/// Freezes the control groups that are meant as a whole. What cannot be frozen is said, and signalled all the same,
/// process by process, until no new one appears.
[[nodiscard]] FrozenTargets freeze_groups(std::string_view command, const Choice& choice);

/// Whether the frozen groups are all that the set's targets mean, and its members all who is in them.
[[nodiscard]] bool is_all_of(const FrozenTargets& frozen, const ProcessSet& set);

/// Whom a signal to the groups that the members lead reaches. With bad_input: ESRCH when one of them leads none, E2BIG
/// when there are more than were allowed.
[[nodiscard]] Result<ProcessSet> groups_of(const ProcessSet& set, const Choice& choice);

} // namespace sig2pid::cli
