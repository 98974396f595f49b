// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/expr/ast.hpp"

#include <span>

namespace sig2pid::engine::expr {

/// Gives operands their types, and refuses what makes no sense or could never be true.
class Checker {
public:
    explicit Checker(std::span<const Field> fields) : fields_(fields) {}

    /// A name, a number, a string, true or false.
    [[nodiscard]] Checked<Operand> operand(const Token& token) const;

    /// An element of a field that is an array, by its index.
    [[nodiscard]] Checked<Operand> element(Operand array, const Token& index) const;

    /// Whether the operand is more than one value: only its elements can be compared.
    [[nodiscard]] bool is_array(const Operand& operand) const {
        return operand.is_field && field_of(operand).elements != 0;
    }

    /// left & right: one of them a field (masked already, perhaps), the other a literal.
    [[nodiscard]] Checked<Operand> masked(Operand left, Operand right) const;

    /// left relation right, where at least one is a field.
    [[nodiscard]] Checked<Node> compared(Operand left, const Token& relation, Operand right) const;

    /// left =~ pattern.
    [[nodiscard]] Checked<Node> globbed(const Operand& left, const Token& pattern) const;

    /// A bare operand as a condition: true, or not zero.
    [[nodiscard]] Checked<Node> truth(const Operand& operand) const;

private:
    [[nodiscard]] Checked<Node> with_literal(const Operand& field, const Token& relation, const Operand& literal) const;
    [[nodiscard]] Checked<Node> with_field(const Operand& left, const Token& relation, const Operand& right) const;
    [[nodiscard]] Checked<void> fits(const Operand& field, Token::Kind relation, const Operand& literal) const;
    [[nodiscard]] Checked<void> same_type(const Operand& left, const Token& relation, const Operand& right) const;
    [[nodiscard]] const Field& field_of(const Operand& operand) const { return fields_[operand.field]; }

    std::span<const Field> fields_;
};

} // namespace sig2pid::engine::expr
