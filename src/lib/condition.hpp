// SPDX-License-Identifier: BSD-2-Clause
// The grammar of one condition.
#pragma once

#include <sig2pid/target.hpp>

namespace sig2pid {

/// A part of a larger text, and where in it.
struct Piece {
    std::string_view whole; ///< for messages
    std::string_view text;
    std::size_t start = 0; ///< of `text` in `whole`
};

/// EINVAL/bad_input at `offset` in the piece.
[[nodiscard]] std::unexpected<Error> bad_target(const Piece& piece, std::size_t offset, const std::string& why);

/// Reads one condition; `depth` counts the targets that it is nested in.
[[nodiscard]] Result<Condition> parse_condition(const Piece& piece, unsigned depth);

/// Reads the conditions of a target, joined by commas.
[[nodiscard]] Result<std::vector<Condition>> parse_conditions(std::string_view text, unsigned depth);

/// Target::parse() at a depth.
[[nodiscard]] Result<Target> parse_nested_target(std::string_view text, unsigned depth);

} // namespace sig2pid
