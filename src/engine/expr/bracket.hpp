// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/predicate.hpp>

#include "engine/expr/number.hpp"

#include <expected>
#include <string_view>

namespace sig2pid::engine::expr {

/// A bracket expression of a glob: "[a-z]".
struct Bracket {
    ByteSet members{};
    std::size_t length = 0; ///< bytes of the pattern, both brackets included; 0: it has no end, '[' is a plain byte
};

/// Reads the bracket expression at the start of the pattern, which begins with '['.
[[nodiscard]] std::expected<Bracket, Complaint> parse_bracket(std::string_view pattern);

} // namespace sig2pid::engine::expr
