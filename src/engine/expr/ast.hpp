// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/expression.hpp>

#include "engine/expr/token.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sig2pid::engine::expr {

template <typename T> using Checked = std::expected<T, ExpressionError>;

[[nodiscard]] inline std::unexpected<ExpressionError> refuse(std::size_t column, std::string problem,
                                                             std::string hint = {}) {
    return std::unexpected(ExpressionError{column, std::move(problem), std::move(hint)});
}

/// A condition. Chains of && or || are one node, so the tree is no deeper than the text nests.
struct Node {
    enum class Kind : std::uint8_t { comparison, all, any, negation };
    Kind kind = Kind::comparison;
    std::size_t column = 0;
    Term term;                  ///< of a comparison; where it jumps is decided later
    std::vector<ByteSet> sets;  ///< of a comparison with a glob: what its tokens refer to
    std::vector<Node> children; ///< of the others
};

/// Something that can be compared.
struct Operand {
    FieldType type = FieldType::integer;
    std::size_t column = 0;
    std::string label;          ///< as messages show it: "'flags & 0x3'" or "300"
    bool is_field = false;      ///< else a literal
    std::uint16_t field = 0;    ///< index of a field
    std::uint16_t element = 0;  ///< of a field that is an array
    std::optional<Int128> mask; ///< of an integer field, as written
    Int128 number = 0;          ///< literal integer, or literal boolean as 0 or 1
    std::string text;           ///< literal string
};

} // namespace sig2pid::engine::expr
