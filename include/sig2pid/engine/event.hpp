// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/field.hpp>
#include <sig2pid/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::engine {

/// Something the kernel can see, with the fields it tells: what `sig2pid events` prints.
struct Event {
    std::string name;    ///< as in a rule: "exit", "syscall:openat", "tracepoint:sched/sched_switch", "module:NAME"
    std::string summary; ///< one line for a person
    std::vector<Field> fields; ///< the event's own first, then those of its subject
    std::string subject;       ///< who `subject`, `pid`, `comm`... are; empty where it is about no process
    std::string unavailable;   ///< why this kernel cannot offer it; empty where it can
};

/// The events with a name of their own, whether this kernel offers them or not.
[[nodiscard]] std::vector<Event> curated_events();

/// The names of all `syscall:` and `tracepoint:` events that begin with prefix ("" for all), sorted; for a prefix that
/// begins with `module:` the channels that kernel modules have announced (docs/kernel-module.md).
/// \return EACCES or EPERM where the kernel's list may not be read, ENODEV where it has none; ENOENT/unsupported
/// without sig2pid's module.
[[nodiscard]] Result<std::vector<std::string>> generic_events(std::string_view prefix);

/// One event with its fields. All channels have the same: one that is not there is returned with `unavailable` set.
/// \return EINVAL for a name that no kernel has, with the nearest one in the text; ENOTSUP for an event that this
/// kernel does not offer; otherwise as generic_events().
[[nodiscard]] Result<Event> find_event(std::string_view name);

} // namespace sig2pid::engine
