// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/duration.hpp>
#include <sig2pid/size.hpp>

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(parse_duration("7ns"), 7ns);
    EXPECT_EQ(parse_duration("5us"), 5us);
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("10s"), 10s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("0"), 0ns);
}

TEST(Duration, RefusesWhatIsNotANumberAndAUnit) {
    for (const char* text : {"", "10", "s", "10x", "-1s", "+1s", " 1s", "1 s", "1s ", "1.5s", "1S", "0x1s"}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, EINVAL) << text;
        EXPECT_EQ(parsed.error().reason, Reason::bad_input) << text;
    }
}

TEST(Duration, PointsAtTheUnit) {
    EXPECT_EQ(parse_duration("10xs").error().column, 3U);
    EXPECT_EQ(parse_duration("x").error().column, 1U);
}

TEST(Duration, RefusesWhatDoesNotFit) {
    EXPECT_EQ(parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
    EXPECT_EQ(parse_duration("9223372036854775808ns").error().code, ERANGE);
    EXPECT_EQ(parse_duration("9999999999h").error().code, ERANGE);
    EXPECT_EQ(parse_duration("99999999999999999999999s").error().code, ERANGE);
}

TEST(Duration, FormatsWhatItReadsBack) {
    for (const std::chrono::nanoseconds duration : {0ns, 1ns, 999ns, 1000ns, 1'500'000ns, 90'000'000'000ns}) {
        EXPECT_EQ(parse_duration(format_duration(duration)), duration);
    }
    EXPECT_EQ(format_duration(120s), "2m");
    EXPECT_EQ(format_duration(250ms), "250ms");
}

TEST(Size, ReadsBytesAndPowersOf1024) {
    EXPECT_EQ(parse_size("512"), 512U);
    EXPECT_EQ(parse_size("64K"), 65'536U);
    EXPECT_EQ(parse_size("2G"), 2ULL << 30);
    EXPECT_EQ(parse_size("18446744073709551615"), ~0ULL);
}

TEST(Size, RefusesTheRest) {
    EXPECT_EQ(parse_size("16777216T").error().code, ERANGE);
    EXPECT_EQ(parse_size("64k").error().column, 3U);
    EXPECT_FALSE(parse_size(""));
    EXPECT_FALSE(parse_size("K"));
}

} // namespace
} // namespace sig2pid
