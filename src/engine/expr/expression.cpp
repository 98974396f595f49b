// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/expression.hpp>

#include "engine/expr/lexer.hpp"
#include "engine/expr/parser.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace sig2pid::engine {
namespace {

bool has_valid_width(const Field& field) {
    return field.type != FieldType::integer || field.bytes == 1 || field.bytes == 2 || field.bytes == 4 ||
           field.bytes == 8;
}

void require_valid(std::span<const Field> fields) {
    if (fields.size() > std::numeric_limits<std::uint16_t>::max()) {
        throw std::invalid_argument("an event with more fields than an index can tell apart");
    }
    const auto wrong = std::ranges::find_if_not(fields, has_valid_width);
    if (wrong != fields.end()) {
        throw std::invalid_argument("field " + wrong->name + " has no integer's width");
    }
}

} // namespace

std::string ExpressionError::message() const {
    return "column " + std::to_string(column) + ": " + problem + (hint.empty() ? "" : "; " + hint);
}

std::expected<Expression, ExpressionError> Expression::parse(std::string_view text, std::span<const Field> fields) {
    require_valid(fields);
    if (text.size() > max_text) {
        return expr::refuse(max_text + 1, "the expression is longer than " + std::to_string(max_text) + " bytes");
    }
    const auto tokens = expr::tokenize(text);
    auto root = expr::Parser(tokens, fields).run();
    if (!root) {
        return std::unexpected(std::move(root.error()));
    }
    return Expression(std::make_shared<const expr::Node>(std::move(*root)));
}

} // namespace sig2pid::engine
