// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

namespace sig2pid::engine {
namespace {

TEST(ExprLiterals, HaveTheValueTheirBaseAndUnitSay) {
    const std::pair<const char*, std::uint64_t> cases[] = {
        {"0", 0},
        {"00", 0},
        {"42", 42},
        {"0x2A", 42},
        {"0XfF", 255},
        {"0o17", 15},
        {"0O17", 15},
        {"017", 15},
        {"18446744073709551615", UINT64_MAX},
        {"0xffffffffffffffff", UINT64_MAX},
        {"01777777777777777777777", UINT64_MAX},
        {"0s", 0},
        {"3ns", 3},
        {"3us", 3'000},
        {"250ms", 250'000'000},
        {"10s", 10'000'000'000},
        {"2m", 120'000'000'000},
        {"1h", 3'600'000'000'000},
        {"64K", 65'536},
        {"1M", 1'048'576},
        {"2G", 2'147'483'648},
        {"1T", 1'099'511'627'776},
    };
    for (const auto& [text, value] : cases) {
        EXPECT_EQ(predicate_of(std::string("size == ") + text).terms.at(0).value, value) << text;
    }
}

TEST(ExprLiterals, MayBeNegative) {
    const std::pair<const char*, std::int64_t> cases[] = {
        {"-1", -1}, {"-0", 0}, {"-0x10", -16}, {"-017", -15}, {"-2K", -2048}, {"-9223372036854775808", INT64_MIN}};
    for (const auto& [text, value] : cases) {
        const Term term = predicate_of(std::string("offset<") + text).terms.at(0);
        EXPECT_EQ(term.value, static_cast<std::uint64_t>(value)) << text;
        EXPECT_TRUE(term.is_signed) << text;
    }
}

TEST(ExprLiterals, AreRefusedWhenMalformedOrBeyond64Bits) {
    for (const char* const text :
         {"0x", "0o", "08", "0o8", "0xg", "12q", "12KB", "1.5s", "0x10s", "017K", "18446744073709551616",
          "-9223372036854775809", "99999999999999999999q", "20000000000T", "5124095577h", "0x10000000000000000"}) {
        EXPECT_EQ(error_of(std::string("size == ") + text).column, 9U) << text;
    }
}

TEST(ExprLiterals, AcceptTheEndsOfTheRangeOfTheField) {
    for (const char* const text : {"code >= -2147483648", "code <= 2147483647", "flags <= 4294967295", "level >= 0",
                                   "offset >= -9223372036854775808", "offset <= 9223372036854775807"}) {
        EXPECT_TRUE(Expression::parse(text, Event::fields())) << text;
    }
    for (const char* const text : {"code >= -2147483649", "code <= 2147483648", "flags <= 4294967296", "level >= -1",
                                   "level == 256", "offset <= 9223372036854775808"}) {
        EXPECT_FALSE(Expression::parse(text, Event::fields())) << text;
    }
}

} // namespace
} // namespace sig2pid::engine
