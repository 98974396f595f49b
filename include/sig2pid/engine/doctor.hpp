// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sig2pid::engine {

/// Whether something works here.
enum class Health : std::uint8_t {
    good,    ///< it does
    limited, ///< it does not, and sig2pid does without
    bad      ///< it does not, and events cannot reach anyone without it
};

/// "good", "limited" or "bad".
[[nodiscard]] std::string_view to_string(Health health) noexcept;

/// One thing that was looked at.
struct Finding {
    std::string what; ///< "rung direct"
    Health health = Health::good;
    std::string detail; ///< what was found
    std::string remedy; ///< what would enable it; empty where it is good
};

/// Looks at what this kernel and these privileges allow, by trying where that harms nobody: a rule that never
/// matches is armed and taken down again.
[[nodiscard]] std::vector<Finding> examine();

} // namespace sig2pid::engine
