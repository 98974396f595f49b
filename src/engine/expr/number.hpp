// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/expr/token.hpp"

#include <expected>

namespace sig2pid::engine::expr {

/// What is wrong with a piece of text whose place the caller knows.
struct Complaint {
    std::string problem;
    std::string hint;
};

/// Reads a whole number: decimal with or without a unit (ns us ms s m h, in nanoseconds; K M G T, in units of 1024
/// bytes), hexadecimal 0x, octal 0o17 or 017; with a '-' before it or not. Anything outside -2^63 to 2^64-1 is refused.
[[nodiscard]] std::expected<Int128, Complaint> parse_number(std::string_view lexeme);

/// The decimal digits of a value from -2^63 to 2^64-1.
[[nodiscard]] std::string decimal(Int128 value);

} // namespace sig2pid::engine::expr
