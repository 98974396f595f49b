// SPDX-License-Identifier: BSD-2-Clause
// The command lines that are measured. Each says "ready" when it is armed.
#pragma once

#include "bench/listener.hpp"
#include "bench/measure.hpp"

#include <string>
#include <vector>

namespace sig2pid::bench {

inline constexpr const char* armed = "ready";

struct RuleWords {
    std::string event, where;
    std::string rung = {}; ///< empty: whichever comes first
};

/// `sig2pid on`, quiet, with the listener as the target.
[[nodiscard]] std::vector<std::string> rule_line(const Settings& settings, const Listener& listener,
                                                 const RuleWords& rule);

struct Script {
    std::string probe, predicate, action;
};

/// bpftrace with one probe.
[[nodiscard]] std::vector<std::string> script_line(const Settings& settings, const Script& script);

} // namespace sig2pid::bench
