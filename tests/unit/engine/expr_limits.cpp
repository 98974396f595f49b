// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

#include <stdexcept>
#include <tuple>

namespace sig2pid::engine {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) {
        text += part;
    }
    return text;
}

TEST(ExprLimits, BoundTheText) {
    const std::string longest = "code" + std::string(Expression::max_text - 4, ' ');
    EXPECT_TRUE(Expression::parse(longest, Event::fields()));
    EXPECT_EQ(error_of(longest + " ").column, Expression::max_text + 1);
}

TEST(ExprLimits, BoundTheNesting) {
    constexpr std::size_t deepest = Expression::max_depth;
    EXPECT_TRUE(holds(repeated("(", deepest) + "code" + repeated(")", deepest), {.code = 1}));
    EXPECT_TRUE(holds(repeated("!", deepest) + "code", {.code = 1}));
    for (const char* const part : {"(", "!", "!(", "code && (", "code == ("}) {
        const ExpressionError error = error_of(repeated(part, 4096 / std::string_view(part).size()));
        EXPECT_TRUE(error.problem.contains("nested deeper than 64")) << part << ": " << error.message();
    }
    EXPECT_EQ(error_of(repeated("(", 4000)).column, deepest + 1);
}

TEST(ExprLimits, BoundTheComparisons) {
    EXPECT_EQ(predicate_of("code" + repeated(" || code", 31)).terms.size(), Predicate::max_terms);
    const ExpressionError error = error_of("code" + repeated(" || code", 32));
    EXPECT_EQ(error.column, 1 + 32 * 8U);
    EXPECT_TRUE(error.message().contains("32 comparisons")) << error.message();
    EXPECT_EQ(error_of("code in [1" + repeated(",1", 32) + "]").column, 10 + 32 * 2U);
}

TEST(ExprLimits, BoundTheStrings) {
    EXPECT_EQ(predicate_of(R"(comm in ["a")" + repeated(R"(,"a")", 15) + "]").terms.size(), 16U);
    EXPECT_EQ(predicate_of("comm == path" + repeated(" || comm == path", 31)).terms.size(), 32U);
    const ExpressionError error = error_of(R"(comm in ["a")" + repeated(R"(,"a")", 16) + "]");
    EXPECT_EQ(error.column, 10 + 16 * 4U);
    EXPECT_TRUE(error.message().contains("16 strings")) << error.message();
}

TEST(ExprLimits, BoundTheLengthOfAString) {
    EXPECT_EQ(predicate_of("path == \"" + std::string(255, 'x') + "\"").terms.at(0).text.size(), 255U);
    EXPECT_EQ(error_of("path == \"" + std::string(256, 'x') + "\"").column, 9U);
    EXPECT_EQ(error_of("path =~ \"" + std::string(256, '*') + "\"").column, 9U);
}

TEST(ExprLimits, BoundTheTokensOfAGlob) {
    EXPECT_EQ(predicate_of("path =~ \"" + std::string(64, '?') + "\"").terms.at(0).glob.size(), 64U);
    EXPECT_EQ(error_of("path =~ \"" + std::string(65, '?') + "\"").column, 9U);
    EXPECT_EQ(predicate_of("path =~ \"" + std::string(200, '*') + "\"").terms.at(0).glob.size(), 1U);
}

TEST(ExprLimits, BoundTheSetsOfAllGlobsTogether) {
    const std::string eight = "[ab][ac][ad][ae][af][ag][ah][ai]";
    EXPECT_EQ(predicate_of("path =~ \"" + eight + "\" || comm =~ \"[ba][ai]\"").sets.size(), Predicate::max_sets);
    EXPECT_EQ(error_of("path =~ \"" + eight + "[aj]\"").column, 9U);
    EXPECT_EQ(error_of("path =~ \"" + eight + "\" || comm =~ \"[aj]\"").column, 47U);
}

TEST(ExprLimits, AreTheCallersErrorWhereFieldsAreImpossible) {
    const std::vector<Field> three_bytes{{"x", FieldType::integer, 3, false, 0, 0, "", ""}};
    EXPECT_THROW(std::ignore = Expression::parse("x", three_bytes), std::invalid_argument);
    EXPECT_THROW(std::ignore = Expression::parse("x", std::vector<Field>(65536)), std::invalid_argument);
}

} // namespace
} // namespace sig2pid::engine
