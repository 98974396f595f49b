// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

namespace sig2pid::engine {
namespace {

/// The jumps of a predicate, readable: "0:1/reject 1:accept/reject".
std::string jumps(std::string_view text) {
    const auto target = [](std::uint16_t to) {
        return to == accept ? std::string("accept") : to == reject ? "reject" : std::to_string(to);
    };
    std::string shown;
    std::size_t index = 0;
    for (const Term& term : predicate_of(text).terms) {
        shown +=
            (index == 0 ? "" : " ") + std::to_string(index) + ":" + target(term.on_true) + "/" + target(term.on_false);
        ++index;
    }
    return shown;
}

TEST(ExprLowering, MakesOneTermOfOneComparison) {
    const Predicate predicate = predicate_of("code <= -5");
    ASSERT_EQ(predicate.terms.size(), 1U);
    const Term& term = predicate.terms[0];
    EXPECT_EQ(term.op, Op::less_equal);
    EXPECT_EQ(term.field, 0U);
    EXPECT_EQ(term.value, static_cast<std::uint64_t>(-5));
    EXPECT_EQ(term.mask, UINT64_MAX);
    EXPECT_TRUE(term.is_signed);
    EXPECT_FALSE(term.is_string);
    EXPECT_EQ(jumps("code <= -5"), "0:accept/reject");
}

TEST(ExprLowering, ExchangesTheJumpsOfTheOppositeComparisons) {
    for (const char* const text : {"code != 1", "code > 1", "code >= 1", "1 < code", "code", "!(code == 1)"}) {
        EXPECT_EQ(jumps(text), "0:reject/accept") << text;
    }
    EXPECT_EQ(predicate_of("code > 1").terms.at(0).op, Op::less_equal);
    EXPECT_EQ(predicate_of("code >= 1").terms.at(0).op, Op::less);
}

TEST(ExprLowering, StopsAtTheFirstComparisonThatDecides) {
    EXPECT_EQ(jumps("code == 1 && level == 2"), "0:1/reject 1:accept/reject");
    EXPECT_EQ(jumps("code == 1 || level == 2"), "0:accept/1 1:accept/reject");
    EXPECT_EQ(jumps("!(code == 1 || level == 2)"), "0:reject/1 1:reject/accept");
    EXPECT_EQ(jumps("code == 1 && level == 2 || flags == 3"), "0:1/2 1:accept/2 2:accept/reject");
    EXPECT_EQ(jumps("(code == 1 || level == 2) && flags == 3"), "0:2/1 1:2/reject 2:accept/reject");
    EXPECT_EQ(jumps("code in [1, 2, 3]"), "0:accept/1 1:accept/2 2:accept/reject");
}

TEST(ExprLowering, KeepsMasksSignsAndFields) {
    const Term masked = predicate_of("code & 0xff == 7").terms.at(0);
    EXPECT_EQ(masked.mask, 0xffU);
    EXPECT_FALSE(masked.is_signed);
    const Term fields = predicate_of("flags > code").terms.at(0);
    EXPECT_EQ(fields.op, Op::less_equal);
    EXPECT_EQ(fields.field, 1U);
    EXPECT_EQ(fields.other_field, 0U);
    EXPECT_TRUE(fields.is_signed);
}

TEST(ExprLowering, KeepsStringsAndGlobs) {
    const Predicate predicate = predicate_of(R"(comm == "x" && path =~ "[ab]?*c")");
    ASSERT_EQ(predicate.terms.size(), 2U);
    EXPECT_TRUE(predicate.terms[0].is_string);
    EXPECT_EQ(predicate.terms[0].text, "x");
    using enum GlobToken::Kind;
    const std::vector<GlobToken> expected{{set, 0}, {any, 0}, {star, 0}, {literal, 'c'}};
    EXPECT_EQ(predicate.terms[1].op, Op::glob);
    EXPECT_EQ(predicate.terms[1].glob, expected);
    ASSERT_EQ(predicate.sets.size(), 1U);
    EXPECT_EQ(predicate.sets[0], (ByteSet{0, std::uint64_t{6} << 32U, 0, 0}));
}

TEST(ExprLowering, RefersEachGlobToItsOwnSets) {
    const Predicate predicate = predicate_of(R"(comm =~ "[ab]" || comm =~ "[cd]" || comm =~ "[ab][ef]")");
    EXPECT_EQ(predicate.sets.size(), 3U);
    EXPECT_EQ(predicate.terms.at(1).glob.at(0).arg, 1U);
    EXPECT_EQ(predicate.terms.at(2).glob.at(0).arg, 0U);
    EXPECT_EQ(predicate.terms.at(2).glob.at(1).arg, 2U);
}

} // namespace
} // namespace sig2pid::engine
