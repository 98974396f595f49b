// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/predicate.hpp>

namespace sig2pid::engine {
namespace {

bool holds(Op op, std::uint64_t left, std::uint64_t right, bool is_signed) {
    // Flipping the sign bit of both makes the unsigned order the signed one.
    const std::uint64_t bias = is_signed ? std::uint64_t{1} << 63U : 0;
    switch (op) {
    case Op::equal:
        return left == right;
    case Op::less:
        return (left ^ bias) < (right ^ bias);
    case Op::less_equal:
        return (left ^ bias) <= (right ^ bias);
    case Op::glob:
        break;
    }
    return false;
}

template <typename T> const T& value_of(std::span<const FieldValue> values, std::uint16_t field) {
    if (field >= values.size()) {
        throw std::bad_variant_access();
    }
    return std::get<T>(values[field]);
}

bool string_holds(const Term& term, std::span<const ByteSet> sets, std::span<const FieldValue> values) {
    const auto left = value_of<std::string_view>(values, term.field);
    if (term.op == Op::glob) {
        return glob_match(term.glob, sets, left);
    }
    return left == (term.other_field ? value_of<std::string_view>(values, *term.other_field) : term.text);
}

std::uint64_t number_of(std::span<const FieldValue> values, std::uint16_t field, std::uint16_t element) {
    if (field >= values.size() || !std::holds_alternative<std::span<const std::uint64_t>>(values[field])) {
        return value_of<std::uint64_t>(values, field);
    }
    const auto elements = std::get<std::span<const std::uint64_t>>(values[field]);
    if (element >= elements.size()) {
        throw std::bad_variant_access();
    }
    return elements[element];
}

bool number_holds(const Term& term, std::span<const FieldValue> values) {
    const auto left = number_of(values, term.field, term.element) & term.mask;
    const auto right = term.other_field ? number_of(values, *term.other_field, term.other_element) : term.value;
    return holds(term.op, left, right, term.is_signed);
}

} // namespace

bool evaluate(const Predicate& predicate, std::span<const FieldValue> values) {
    std::uint16_t at = 0;
    while (at < predicate.terms.size()) {
        const Term& term = predicate.terms[at];
        const bool held = term.is_string ? string_holds(term, predicate.sets, values) : number_holds(term, values);
        at = held ? term.on_true : term.on_false;
    }
    return at == accept;
}

} // namespace sig2pid::engine
