// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/field.hpp>
#include <sig2pid/engine/predicate.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sig2pid::engine {

/// Why a where-expression was refused, and where.
struct ExpressionError {
    std::size_t column = 0; ///< 1-based, counted in bytes; one past the end of the text where something is missing
    std::string problem;    ///< what is wrong
    std::string hint;       ///< what to write instead; may be empty

    /// All of it in one line: "column 8: unknown field 'comn'; did you mean 'comm'?"
    [[nodiscard]] std::string message() const;
};

namespace expr {
struct Node;
}

/// A where-expression, parsed and type-checked against the fields of one event. Immutable, cheap to copy.
class Expression {
public:
    static constexpr std::size_t max_text = 4096; ///< bytes
    static constexpr std::size_t max_depth = 64;  ///< parentheses and '!' inside each other

    /// Parses text. The fields are only read during the call; the expression refers to them by their index.
    ///
    /// Throws std::invalid_argument if there are more than 65,535 fields or the width of an integer field is not
    /// 1, 2, 4 or 8 bytes.
    [[nodiscard]] static std::expected<Expression, ExpressionError> parse(std::string_view text,
                                                                          std::span<const Field> fields);

    /// The tree, for lower().
    [[nodiscard]] const expr::Node& root() const { return *root_; }

private:
    explicit Expression(std::shared_ptr<const expr::Node> root) : root_(std::move(root)) {}

    std::shared_ptr<const expr::Node> root_;
};

/// Flattens an expression into the form that the kernel program evaluates.
///
/// Refuses more than Predicate::max_terms comparisons, max_strings strings or max_sets character sets; the column is
/// that of the first one too many.
[[nodiscard]] std::expected<Predicate, ExpressionError> lower(const Expression& expression);

} // namespace sig2pid::engine
