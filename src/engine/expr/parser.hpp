// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/expr/check.hpp"

#include <variant>
#include <vector>

namespace sig2pid::engine::expr {

/// Recursive descent, one function a precedence level; from loose to tight:
///
///     any        = all { "||" all }
///     all        = condition { "&&" condition }
///     condition  = "!" denied | comparison
///     denied     = "!" denied | primary
///     comparison = masked [ relation masked | "=~" STRING | "in" list ]
///     masked     = primary { "&" primary }
///     primary    = NAME [ "[" NUMBER "]" ] | NUMBER | STRING | "true" | "false" | "(" any ")"
///
/// What is not yet known to be a condition travels as an Operand, so "(flags & 3) == 1" needs no second grammar.
class Parser {
public:
    /// The tokens end with `end` or `error`; they and the fields outlive the parser.
    Parser(std::span<const Token> tokens, std::span<const Field> fields) : tokens_(tokens), checker_(fields) {}

    /// The whole text as one condition.
    [[nodiscard]] Checked<Node> run();

private:
    using Value = std::variant<Operand, Node>;

    [[nodiscard]] Checked<Value> any();
    [[nodiscard]] Checked<Value> all();
    [[nodiscard]] Checked<Value> chain(Token::Kind joint, Node::Kind kind, Checked<Value> (Parser::*part)());
    [[nodiscard]] Checked<Value> condition();
    [[nodiscard]] Checked<Value> denied();
    [[nodiscard]] Checked<Value> comparison();
    [[nodiscard]] Checked<Node> related(Operand left);
    [[nodiscard]] Checked<Node> matched(const Operand& left);
    [[nodiscard]] Checked<Node> listed(const Operand& left);
    [[nodiscard]] Checked<Value> masked();
    [[nodiscard]] Checked<Value> primary();
    [[nodiscard]] Checked<Value> named();
    [[nodiscard]] Checked<Value> parenthesised();
    [[nodiscard]] Checked<Operand> list_item();

    [[nodiscard]] Checked<Node> to_condition(Checked<Value> value) const;
    [[nodiscard]] Checked<Operand> to_operand(Checked<Value> value, std::size_t column) const;
    [[nodiscard]] bool at_comparison() const;
    [[nodiscard]] std::unexpected<ExpressionError> unexpected(std::string_view wanted) const;
    [[nodiscard]] std::unexpected<ExpressionError> too_deep() const;

    [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
    const Token& take() { return tokens_[at_++]; }

    std::span<const Token> tokens_;
    Checker checker_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

} // namespace sig2pid::engine::expr
