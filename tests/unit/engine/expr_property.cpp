// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

#include "engine/expr/number.hpp"

#include <fnmatch.h>

#include <functional>
#include <random>

namespace sig2pid::engine {
namespace {

using expr::Int128;

/// A random condition, as text and as a C++ function that says the same: what the parser must agree with.
struct Sample {
    enum Level : std::uint8_t { any, all, tight }; ///< how tightly the text's outermost operator binds
    Level level;
    std::string text;
    std::function<bool(const Event&)> meaning;
};

struct IntegerField {
    const char* name;
    std::function<Int128(const Event&)> value;
    bool is_signed;
    bool is_wide_unsigned;
};

const std::vector<IntegerField>& integers() {
    static const std::vector<IntegerField> all{
        {"code", [](const Event& e) { return Int128{e.code}; }, true, false},
        {"flags", [](const Event& e) { return Int128{e.flags}; }, false, false},
        {"level", [](const Event& e) { return Int128{e.level}; }, false, false},
        {"offset", [](const Event& e) { return Int128{e.offset}; }, true, false},
        {"size", [](const Event& e) { return Int128{e.size}; }, false, true},
    };
    return all;
}

constexpr std::array relations{"==", "!=", "<", "<=", ">", ">="};

bool related(std::size_t relation, Int128 left, Int128 right) {
    const std::array results{left == right, left != right, left<right, left <= right, left> right, left >= right};
    return results.at(relation);
}

class Generator {
public:
    explicit Generator(std::uint32_t seed) : random_(seed) {}

    Sample condition(int depth) {
        switch (depth == 0 ? 3 : below(5)) {
        case 0:
            return chain(depth, Sample::any, " || ", true);
        case 1:
            return chain(depth, Sample::all, "&&", false);
        case 2:
            return negation(condition(depth - 1));
        default:
            return leaf();
        }
    }

    Event event() {
        const std::array<std::string, 4> words{"", "a", "ab", "b"};
        Event made{.code = small(), .flags = below(5), .level = static_cast<std::uint8_t>(below(5)), .offset = small()};
        if (below(4) == 0) {
            made.code = INT32_MIN;
            made.flags = UINT32_MAX;
            made.level = UINT8_MAX;
            made.offset = below(2) == 0 ? INT64_MIN : INT64_MAX;
        }
        made.size = below(4) == 0 ? UINT64_MAX : below(5);
        made.core = below(2) == 0;
        made.comm = words.at(below(4));
        made.path = words.at(below(4));
        return made;
    }

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    std::int32_t small() { return static_cast<std::int32_t>(below(7)) - 3; }

    Sample leaf() {
        switch (below(8)) {
        case 0:
            return {Sample::tight, "core", [](const Event& e) { return e.core; }};
        case 1:
            return word_list();
        case 2:
            return glob();
        case 3:
            return two_fields();
        case 4:
            return masked();
        case 5:
            return {Sample::tight, "comm != path", [](const Event& e) { return e.comm != e.path; }};
        default:
            return with_literal();
        }
    }

    Sample with_literal() {
        const IntegerField& field = integers().at(below(5));
        const Int128 literal = field.is_signed ? Int128{small()} : Int128{below(5)};
        const std::size_t relation = below(6);
        const std::string op = relations.at(relation);
        if (below(2) == 0) {
            return {Sample::tight, expr::decimal(literal) + op + field.name,
                    [=](const Event& e) { return related(relation, literal, field.value(e)); }};
        }
        return {Sample::tight, field.name + (" " + op) + " " + expr::decimal(literal),
                [=](const Event& e) { return related(relation, field.value(e), literal); }};
    }

    Sample two_fields() {
        const IntegerField& left = integers().at(below(5));
        const IntegerField& right = integers().at(below(5));
        if ((left.is_signed && right.is_wide_unsigned) || (right.is_signed && left.is_wide_unsigned)) {
            return with_literal();
        }
        const std::size_t relation = below(6);
        return {Sample::tight, left.name + std::string(relations.at(relation)) + right.name,
                [=](const Event& e) { return related(relation, left.value(e), right.value(e)); }};
    }

    Sample masked() {
        const IntegerField& field = integers().at(below(5));
        const Int128 mask = below(4) == 0 ? 0x80 : Int128{below(7) + 1};
        const std::string text = field.name + (" & " + expr::decimal(mask));
        if (below(3) == 0) {
            return {Sample::tight, text, [=](const Event& e) { return (field.value(e) & mask) != 0; }};
        }
        const Int128 literal = Int128{below(8)} & mask;
        const std::size_t relation = below(6);
        return {Sample::tight, "(" + text + ") " + relations.at(relation) + expr::decimal(literal),
                [=](const Event& e) { return related(relation, field.value(e) & mask, literal); }};
    }

    Sample word_list() {
        return {Sample::tight, R"(comm in ["a","b"])", [](const Event& e) { return e.comm == "a" || e.comm == "b"; }};
    }

    Sample glob() {
        const std::array<std::string, 5> patterns{"*b", "?", "a*", "[!a]*", "[ab]"};
        const std::string& pattern = patterns.at(below(5));
        return {Sample::tight, "path =~ \"" + pattern + "\"",
                [=](const Event& e) { return fnmatch(pattern.c_str(), e.path.c_str(), 0) == 0; }};
    }

    static Sample negation(const Sample& inner) {
        return {Sample::tight, "!(" + inner.text + ")", [=](const Event& e) { return !inner.meaning(e); }};
    }

    /// A chain is true if one part is, or false if one part is.
    Sample chain(int depth, Sample::Level level, const std::string& joint, bool decided_by) {
        const Sample first = condition(depth - 1);
        const Sample second = condition(depth - 1);
        return {level, at_least(level, first) + joint + at_least(level, second),
                [=](const Event& e) { return first.meaning(e) == decided_by ? decided_by : second.meaning(e); }};
    }

    /// The text of a part, in parentheses where it binds looser than what it becomes part of, or by whim.
    std::string at_least(Sample::Level level, const Sample& part) {
        return part.level < level || below(8) == 0 ? "(" + part.text + ")" : part.text;
    }

    std::mt19937 random_;
};

TEST(ExprProperty, EvaluatesAsTheConditionItWasWrittenFrom) {
    Generator generator(20'240'607);
    int held = 0;
    int lowered = 0;
    for (int i = 0; i < 4'000; ++i) {
        const Sample sample = generator.condition(4);
        const auto expression = Expression::parse(sample.text, Event::fields());
        ASSERT_TRUE(expression) << sample.text << ": " << expression.error().message();
        const auto predicate = lower(*expression);
        if (!predicate) {
            continue;
        }
        ++lowered;
        for (int j = 0; j < 20; ++j) {
            const Event event = generator.event();
            const bool expected = sample.meaning(event);
            held += expected ? 1 : 0;
            ASSERT_EQ(evaluate(*predicate, event.values()), expected) << sample.text;
        }
    }
    EXPECT_GT(lowered, 3'900) << "too many samples are beyond a predicate's limits";
    EXPECT_GT(held, 20'000);
    EXPECT_LT(held, 60'000);
}

} // namespace
} // namespace sig2pid::engine
