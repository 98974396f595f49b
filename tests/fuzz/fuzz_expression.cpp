// SPDX-License-Identifier: BSD-2-Clause
// Any text is either refused with a column inside it, or becomes a predicate within its limits that ends.
#include <sig2pid/engine/expression.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace sig2pid::engine;

const std::vector<Field>& fields() {
    static const std::vector<Field> all{
        {"code", FieldType::integer, 4, true, 0, 0, "", ""},   {"flags", FieldType::integer, 4, false, 0, 0, "", ""},
        {"level", FieldType::integer, 1, false, 0, 0, "", ""}, {"offset", FieldType::integer, 8, true, 0, 0, "", ""},
        {"size", FieldType::integer, 8, false, 0, 0, "", ""},  {"core", FieldType::boolean, 1, false, 0, 0, "", ""},
        {"comm", FieldType::string, 0, false, 0, 15, "", ""},  {"path", FieldType::string, 0, false, 0, 0, "", ""},
        {"args", FieldType::integer, 4, true, 3, 0, "", ""},
    };
    return all;
}

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_error(const ExpressionError& error, std::string_view text) {
    require(error.column >= 1 && error.column <= text.size() + 1);
    require(!error.problem.empty());
}

bool is_forward(std::uint16_t target, std::size_t from, std::size_t count) {
    return target == accept || target == reject || (target > from && target < count);
}

void check_predicate(const Predicate& predicate) {
    const std::size_t count = predicate.terms.size();
    require(count >= 1 && count <= Predicate::max_terms);
    require(predicate.sets.size() <= Predicate::max_sets);
    std::vector<bool> reached(count, false);
    reached[0] = true;
    for (std::size_t i = 0; i < count; ++i) {
        const Term& term = predicate.terms[i];
        require(reached[i]);
        require(is_forward(term.on_true, i, count) && is_forward(term.on_false, i, count));
        for (const std::uint16_t target : {term.on_true, term.on_false}) {
            if (target < count) {
                reached[target] = true;
            }
        }
        require(term.element < std::max<std::uint16_t>(fields()[term.field].elements, 1));
        require(!term.other_field ||
                term.other_element < std::max<std::uint16_t>(fields()[*term.other_field].elements, 1));
        require(term.text.size() <= Predicate::max_text && !term.text.contains('\0'));
        require(term.glob.size() <= Predicate::max_glob);
        for (const GlobToken& token : term.glob) {
            require(token.kind != GlobToken::set || token.arg < predicate.sets.size());
        }
    }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto expression = Expression::parse(text, fields());
    if (!expression) {
        check_error(expression.error(), text);
        return 0;
    }
    const auto predicate = lower(*expression);
    if (!predicate) {
        check_error(predicate.error(), text);
        return 0;
    }
    check_predicate(*predicate);
    const std::uint64_t negative = ~std::uint64_t{0};
    const std::array<std::uint64_t, 3> args{0, 9, negative};
    const std::vector<FieldValue> values{negative,
                                         std::uint64_t{3},
                                         std::uint64_t{255},
                                         negative,
                                         negative,
                                         std::uint64_t{1},
                                         "worker",
                                         text.substr(0, 255),
                                         std::span<const std::uint64_t>(args)};
    (void)evaluate(*predicate, values);
    return 0;
}
