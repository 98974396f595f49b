// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace sig2pid {

/// Reads a whole number and its unit: 7ns, 5us, 250ms, 10s, 2m, 1h. A bare 0 needs no unit.
/// \return EINVAL (Reason::bad_input, with the column) for anything else, ERANGE above 2^63-1 ns (292 years).
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest exact form that parse_duration() reads back: "250ms", "2m", "0s".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

} // namespace sig2pid
