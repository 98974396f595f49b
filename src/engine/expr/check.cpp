// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/check.hpp"
#include "engine/expr/describe.hpp"
#include "engine/expr/glob.hpp"
#include "engine/expr/number.hpp"

#include <algorithm>
#include <limits>

namespace sig2pid::engine::expr {
namespace {

using Kind = Token::Kind;

/// The values an integer operand can have, both ends included.
struct Range {
    Int128 min;
    Int128 max;
};

Range range_of(const Field& field) {
    const unsigned bits = field.bytes * 8U - (field.is_signed ? 1U : 0U);
    const Int128 end = Int128{1} << bits;
    return {field.is_signed ? -end : 0, end - 1};
}

Range range_of(const Field& field, const Operand& operand) {
    return operand.mask && *operand.mask >= 0 ? Range{0, *operand.mask} : range_of(field);
}

std::string shown(Range range) {
    return decimal(range.min) + " to " + decimal(range.max);
}

std::string_view type_name(FieldType type) {
    switch (type) {
    case FieldType::integer:
        return "an integer";
    case FieldType::boolean:
        return "a boolean";
    case FieldType::string:
        return "a string";
    }
    return "";
}

std::string typed(const Operand& operand) {
    return operand.label + " is " + std::string(type_name(operand.type));
}

/// The relation that holds between right and left where this one holds between left and right.
Kind mirrored(Kind relation) {
    switch (relation) {
    case Kind::less:
        return Kind::greater;
    case Kind::less_equal:
        return Kind::greater_equal;
    case Kind::greater:
        return Kind::less;
    case Kind::greater_equal:
        return Kind::less_equal;
    default:
        return relation;
    }
}

bool is_equality(Kind relation) {
    return relation == Kind::equal || relation == Kind::not_equal;
}

/// The operation that relation is, or is the negation of.
Op operation(Kind relation) {
    switch (relation) {
    case Kind::less:
    case Kind::greater_equal:
        return Op::less;
    case Kind::less_equal:
    case Kind::greater:
        return Op::less_equal;
    default:
        return Op::equal;
    }
}

Node comparison(Term term, std::size_t column) {
    Node node;
    node.column = column;
    node.term = std::move(term);
    return node;
}

Node negation(Node condition) {
    Node node;
    node.kind = Node::Kind::negation;
    node.column = condition.column;
    node.children.push_back(std::move(condition));
    return node;
}

Node related(Term term, const Operand& left, Kind relation) {
    term.op = operation(relation);
    Node node = comparison(std::move(term), left.column);
    const bool negated = relation == Kind::not_equal || relation == Kind::greater || relation == Kind::greater_equal;
    return negated ? negation(std::move(node)) : node;
}

Term term_of(const Operand& field) {
    Term term;
    term.field = field.field;
    term.element = field.element;
    term.is_string = field.type == FieldType::string;
    term.mask = field.mask ? static_cast<std::uint64_t>(*field.mask) : term.mask;
    return term;
}

Operand literal(FieldType type, const Token& token) {
    Operand made;
    made.type = type;
    made.column = token.column;
    made.number = token.number;
    made.text = token.text;
    made.label = type == FieldType::string ? quoted(token.text) : std::string(token.lexeme);
    return made;
}

/// Strings are compared with the NUL-terminated text of a buffer: longer than the buffer means never equal.
Checked<void> text_fits(const Field& field, std::size_t column, std::size_t bytes) {
    if (field.capacity != 0 && bytes > field.capacity) {
        return refuse(column, "'" + field.name + "' holds at most " + std::to_string(field.capacity) +
                                  " bytes, this needs " + std::to_string(bytes));
    }
    return {};
}

} // namespace

Checked<Operand> Checker::operand(const Token& token) const {
    if (token.kind == Kind::integer) {
        return literal(FieldType::integer, token);
    }
    if (token.kind == Kind::string) {
        if (token.text.size() > Predicate::max_text) {
            return refuse(token.column, "the string has " + std::to_string(token.text.size()) + " bytes, " +
                                            std::to_string(Predicate::max_text) + " are the limit");
        }
        return literal(FieldType::string, token);
    }
    if (token.lexeme == "true" || token.lexeme == "false") {
        Operand made = literal(FieldType::boolean, token);
        made.number = token.lexeme == "true" ? 1 : 0;
        return made;
    }
    const auto found = std::ranges::find(fields_, token.lexeme, &Field::name);
    if (found == fields_.end()) {
        return refuse(token.column, "unknown field " + quoted(token.lexeme), hint_for_unknown(token.lexeme, fields_));
    }
    Operand made;
    made.type = found->type;
    made.column = token.column;
    made.label = "'" + found->name + "'";
    made.is_field = true;
    made.field = static_cast<std::uint16_t>(found - fields_.begin());
    return made;
}

Checked<Operand> Checker::element(Operand array, const Token& index) const {
    const Field& field = field_of(array);
    if (index.number < 0 || index.number >= field.elements) {
        return refuse(index.column, "there is no " + field.name + "[" + std::string(index.lexeme) + "]",
                      "the elements are " + field.name + "[0] to " + field.name + "[" +
                          std::to_string(field.elements - 1) + "]");
    }
    array.element = static_cast<std::uint16_t>(index.number);
    array.label = "'" + field.name + "[" + std::to_string(array.element) + "]'";
    return array;
}

Checked<Operand> Checker::masked(Operand left, Operand right) const {
    if (!left.is_field) {
        std::swap(left, right);
    }
    if (left.type != FieldType::integer || right.type != FieldType::integer || !left.is_field || right.is_field) {
        return refuse(std::min(left.column, right.column), "'&' needs an integer field and a number",
                      "join conditions with &&");
    }
    const Field& field = field_of(left);
    const Int128 bits = (Int128{1} << field.bytes * 8U) - 1;
    const Range allowed{range_of(field).min, bits};
    if (right.number < allowed.min || right.number > allowed.max) {
        return refuse(right.column, right.label + " is no mask for '" + field.name + "', " + shown(allowed) + " is");
    }
    left.mask = left.mask.value_or(-1) & right.number;
    if (*left.mask == 0) {
        return refuse(right.column, "a mask without bits leaves nothing of '" + field.name + "'");
    }
    left.label = left.label.substr(0, left.label.size() - 1) + " & " + right.label + "'";
    left.column = std::min(left.column, right.column);
    return left;
}

Checked<void> Checker::same_type(const Operand& left, const Token& relation, const Operand& right) const {
    if (left.type != right.type) {
        std::string hint;
        if (left.type == FieldType::boolean && !right.is_field) {
            hint = "write true or false";
        } else if (left.type == FieldType::string && !right.is_field) {
            hint = "text goes in double quotes: \"" + right.label + "\"";
        }
        return refuse(right.column, typed(left) + ", " + typed(right), std::move(hint));
    }
    if (left.type != FieldType::integer && !is_equality(relation.kind)) {
        return refuse(relation.column, typed(left) + " and has no order", "use == or !=");
    }
    return {};
}

Checked<void> Checker::fits(const Operand& field, Kind relation, const Operand& literal) const {
    if (field.type == FieldType::string) {
        return text_fits(field_of(field), literal.column, literal.text.size());
    }
    if (field.type == FieldType::boolean) {
        return {};
    }
    const Range range = range_of(field_of(field), field);
    if (literal.number < range.min || literal.number > range.max) {
        return refuse(literal.column, literal.label + " is out of range: " + field.label + " is " + shown(range));
    }
    if (field.mask && is_equality(relation) && (literal.number & ~*field.mask) != 0) {
        return refuse(literal.column, field.label + " can never be " + literal.label, "compare with bits of the mask");
    }
    return {};
}

Checked<Node> Checker::with_literal(const Operand& field, const Token& relation, const Operand& literal) const {
    if (auto fitting = fits(field, relation.kind, literal); !fitting) {
        return std::unexpected(std::move(fitting.error()));
    }
    Term term = term_of(field);
    term.value = static_cast<std::uint64_t>(literal.number);
    term.text = literal.text;
    term.is_signed = field.type == FieldType::integer && range_of(field_of(field), field).min < 0;
    return related(std::move(term), field, relation.kind);
}

Checked<Node> Checker::with_field(const Operand& left, const Token& relation, const Operand& right) const {
    if (right.mask) {
        return refuse(right.column, "only one side of a comparison of two fields can be masked");
    }
    Term term = term_of(left);
    term.other_field = right.field;
    term.other_element = right.element;
    if (left.type == FieldType::integer) {
        const Range one = range_of(field_of(left), left);
        const Range two = range_of(field_of(right));
        term.is_signed = std::min(one.min, two.min) < 0;
        // A 64-bit unsigned value and a negative one have no common type.
        if (term.is_signed && std::max(one.max, two.max) > std::numeric_limits<std::int64_t>::max()) {
            return refuse(relation.column,
                          "of " + left.label + " and " + right.label +
                              " one is signed, the other unsigned with 64 bits",
                          "compare each with a number");
        }
    }
    return related(std::move(term), left, relation.kind);
}

Checked<Node> Checker::compared(Operand left, const Token& relation, Operand right) const {
    Token turned = relation;
    if (!left.is_field && !right.is_field) {
        return refuse(left.column, "a comparison needs a field on one side");
    }
    if (!left.is_field || (right.is_field && right.mask && !left.mask)) {
        std::swap(left, right);
        turned.kind = mirrored(turned.kind);
    }
    if (auto typed = same_type(left, turned, right); !typed) {
        return std::unexpected(std::move(typed.error()));
    }
    return right.is_field ? with_field(left, turned, right) : with_literal(left, turned, right);
}

Checked<Node> Checker::globbed(const Operand& left, const Token& pattern) const {
    if (left.type != FieldType::string || !left.is_field) {
        return refuse(left.column, "'=~' needs a string field before it, " + typed(left),
                      left.is_field ? "compare numbers with == < > or &" : "the pattern goes to the right");
    }
    auto glob = compile_glob(pattern.text);
    if (!glob) {
        return refuse(pattern.column, std::move(glob.error().problem), std::move(glob.error().hint));
    }
    if (auto fitting = text_fits(field_of(left), pattern.column, glob->shortest()); !fitting) {
        return std::unexpected(std::move(fitting.error()));
    }
    Term term = term_of(left);
    term.op = Op::glob;
    term.glob = std::move(glob->tokens);
    Node node = comparison(std::move(term), left.column);
    node.sets = std::move(glob->sets);
    return node;
}

Checked<Node> Checker::truth(const Operand& operand) const {
    if (!operand.is_field) {
        return refuse(operand.column, operand.label + " alone is no condition", "compare it with a field");
    }
    if (operand.type == FieldType::string) {
        return refuse(operand.column, typed(operand) + ", not a condition",
                      "write " + field_of(operand).name + " != \"\"");
    }
    return related(term_of(operand), operand, Kind::not_equal);
}

} // namespace sig2pid::engine::expr
