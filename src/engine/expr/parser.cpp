// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/parser.hpp"
#include "engine/expr/describe.hpp"

namespace sig2pid::engine::expr {
namespace {

using Kind = Token::Kind;

bool is_relation(Kind kind) {
    return kind >= Kind::equal && kind <= Kind::greater_equal;
}

bool is_in(const Token& token) {
    return token.kind == Kind::name && token.lexeme == "in";
}

std::string hint_for_rest(const Token& token) {
    switch (token.kind) {
    case Kind::close:
        return "there is no '(' for it";
    case Kind::logical_not:
        return "'!' goes before a condition: !(x in [1, 2])";
    case Kind::open_list:
        return "a list comes after 'in'";
    default:
        return "join conditions with && or ||";
    }
}

} // namespace

Checked<Node> Parser::run() {
    if (peek().kind == Kind::end) {
        return refuse(peek().column, "the expression is empty");
    }
    auto value = any();
    if (value && peek().kind != Kind::end) {
        return peek().kind == Kind::error
                   ? unexpected("")
                   : refuse(peek().column, "unexpected " + quoted(peek().lexeme), hint_for_rest(peek()));
    }
    return to_condition(std::move(value));
}

Checked<Parser::Value> Parser::any() {
    return chain(Kind::logical_or, Node::Kind::any, &Parser::all);
}

Checked<Parser::Value> Parser::all() {
    return chain(Kind::logical_and, Node::Kind::all, &Parser::condition);
}

Checked<Parser::Value> Parser::chain(Kind joint, Node::Kind kind, Checked<Value> (Parser::*part)()) {
    auto first = (this->*part)();
    if (!first || peek().kind != joint) {
        return first;
    }
    Node node;
    node.kind = kind;
    auto child = to_condition(std::move(first));
    while (child) {
        node.children.push_back(std::move(*child));
        if (peek().kind != joint) {
            node.column = node.children.front().column;
            return node;
        }
        take();
        child = to_condition((this->*part)());
    }
    return std::unexpected(std::move(child.error()));
}

Checked<Parser::Value> Parser::condition() {
    if (peek().kind != Kind::logical_not) {
        return comparison();
    }
    auto node = denied();
    if (node && at_comparison()) {
        return refuse(peek().column, "'!' binds tighter than " + quoted(peek().lexeme),
                      "put parentheses around what it denies: !(a == b)");
    }
    return node;
}

Checked<Parser::Value> Parser::denied() {
    if (peek().kind != Kind::logical_not) {
        return primary();
    }
    if (depth_ == Expression::max_depth) {
        return too_deep();
    }
    Node node;
    node.kind = Node::Kind::negation;
    node.column = take().column;
    ++depth_;
    auto inner = to_condition(denied());
    --depth_;
    if (!inner) {
        return std::unexpected(std::move(inner.error()));
    }
    node.children.push_back(std::move(*inner));
    return node;
}

Checked<Parser::Value> Parser::comparison() {
    const std::size_t column = peek().column;
    auto value = masked();
    if (!value || !at_comparison()) {
        return value;
    }
    const auto left = to_operand(std::move(value), column);
    if (!left) {
        return std::unexpected(left.error());
    }
    auto node = peek().kind == Kind::glob ? matched(*left) : is_in(peek()) ? listed(*left) : related(*left);
    if (node && at_comparison()) {
        return refuse(peek().column, "comparisons cannot be chained", "join two with &&: a < b && b < c");
    }
    return node;
}

Checked<Node> Parser::related(Operand left) {
    const Token& relation = take();
    const std::size_t column = peek().column;
    auto right = to_operand(masked(), column);
    if (!right) {
        return std::unexpected(std::move(right.error()));
    }
    return checker_.compared(std::move(left), relation, std::move(*right));
}

Checked<Node> Parser::matched(const Operand& left) {
    take();
    if (peek().kind != Kind::string) {
        return unexpected("a pattern in double quotes");
    }
    const Token& pattern = take();
    if (const auto operand = checker_.operand(pattern); !operand) {
        return std::unexpected(operand.error());
    }
    return checker_.globbed(left, pattern);
}

Checked<Node> Parser::listed(const Operand& left) {
    Token equal = take();
    equal.kind = Kind::equal;
    if (!left.is_field) {
        return refuse(left.column, "'in' needs a field before it");
    }
    if (peek().kind != Kind::open_list) {
        return unexpected("a list, [1, 2] for one,");
    }
    Node node;
    node.kind = Node::Kind::any;
    node.column = left.column;
    do {
        take();
        auto item = list_item();
        if (!item) {
            return std::unexpected(std::move(item.error()));
        }
        const std::size_t column = item->column;
        auto child = checker_.compared(left, equal, std::move(*item));
        if (!child) {
            return child;
        }
        child->column = column;
        node.children.push_back(std::move(*child));
    } while (peek().kind == Kind::comma);
    if (peek().kind != Kind::close_list) {
        return unexpected("',' or ']'");
    }
    take();
    return node;
}

Checked<Operand> Parser::list_item() {
    const Token& token = peek();
    if (token.kind != Kind::integer && token.kind != Kind::string) {
        return unexpected("a number or a string");
    }
    return checker_.operand(take());
}

Checked<Parser::Value> Parser::masked() {
    std::size_t column = peek().column;
    auto value = primary();
    while (value && peek().kind == Kind::mask) {
        auto left = to_operand(std::move(value), column);
        if (!left) {
            return std::unexpected(std::move(left.error()));
        }
        take();
        column = peek().column;
        auto right = to_operand(primary(), column);
        if (!right) {
            return std::unexpected(std::move(right.error()));
        }
        value = checker_.masked(std::move(*left), std::move(*right));
        column = left->column;
    }
    return value;
}

Checked<Parser::Value> Parser::primary() {
    switch (peek().kind) {
    case Kind::open:
        return parenthesised();
    case Kind::name:
        return named();
    case Kind::integer:
    case Kind::string:
        return checker_.operand(take());
    default:
        return unexpected("a field, a number, a string or '('");
    }
}

/// A field, or of one that is an array the element.
Checked<Parser::Value> Parser::named() {
    auto field = checker_.operand(take());
    if (!field || !checker_.is_array(*field)) {
        return field;
    }
    if (peek().kind != Kind::open_list) {
        return refuse(field->column, field->label + " is an array", "name an element, by its index from 0 in brackets");
    }
    take();
    if (peek().kind != Kind::integer) {
        return unexpected("the index of an element");
    }
    auto element = checker_.element(std::move(*field), take());
    if (element && peek().kind != Kind::close_list) {
        return unexpected("']'");
    }
    if (element) {
        take();
    }
    return element;
}

Checked<Parser::Value> Parser::parenthesised() {
    if (depth_ == Expression::max_depth) {
        return too_deep();
    }
    const std::size_t column = take().column;
    ++depth_;
    auto inner = any();
    --depth_;
    if (inner && peek().kind != Kind::close) {
        return peek().kind == Kind::end
                   ? refuse(peek().column, "')' is missing", "the '(' is at column " + std::to_string(column))
                   : unexpected("')'");
    }
    if (inner) {
        take();
    }
    return inner;
}

Checked<Node> Parser::to_condition(Checked<Value> value) const {
    if (!value) {
        return std::unexpected(std::move(value.error()));
    }
    if (auto* const node = std::get_if<Node>(&*value)) {
        return std::move(*node);
    }
    return checker_.truth(std::get<Operand>(*value));
}

Checked<Operand> Parser::to_operand(Checked<Value> value, std::size_t column) const {
    if (!value) {
        return std::unexpected(std::move(value.error()));
    }
    if (auto* const operand = std::get_if<Operand>(&*value)) {
        return std::move(*operand);
    }
    return refuse(column, "a condition cannot be compared", "join conditions with && or ||, deny one with !(...)");
}

bool Parser::at_comparison() const {
    const Kind kind = peek().kind;
    return is_relation(kind) || kind == Kind::glob || kind == Kind::mask || is_in(peek());
}

std::unexpected<ExpressionError> Parser::unexpected(std::string_view wanted) const {
    const Token& token = peek();
    if (token.kind == Kind::error) {
        return refuse(token.column, token.text, token.hint);
    }
    if (token.kind == Kind::end) {
        return refuse(token.column, std::string(wanted) + " is missing at the end");
    }
    return refuse(token.column, "unexpected " + quoted(token.lexeme) + ": " + std::string(wanted) + " belongs here");
}

std::unexpected<ExpressionError> Parser::too_deep() const {
    return refuse(peek().column, "nested deeper than " + std::to_string(Expression::max_depth),
                  "leave out parentheses or '!'");
}

} // namespace sig2pid::engine::expr
