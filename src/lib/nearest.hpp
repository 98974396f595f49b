// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>
#include <string_view>

namespace sig2pid {

/// The candidate that `text` most likely meant: the fewest edits, case ignored. Empty when none is near enough
/// to be worth suggesting (more than half of the longer word wrong).
[[nodiscard]] std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

} // namespace sig2pid
