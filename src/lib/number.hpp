// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace sig2pid {

/// The whole of `text` as a number in `base`, or nothing: no blanks, no plus sign, nothing left over, no overflow.
template <typename Integer>
[[nodiscard]] std::optional<Integer> parse_number(std::string_view text, int base = 10) noexcept {
    Integer value{};
    const char* const end = text.data() + text.size();
    const auto [stopped, status] = std::from_chars(text.data(), end, value, base);
    if (status != std::errc{} || stopped != end || text.empty()) {
        return std::nullopt;
    }
    return value;
}

} // namespace sig2pid
