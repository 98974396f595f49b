// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/target.hpp>

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

TEST(Target, ReadsAPid) {
    EXPECT_EQ(std::get<Target::Pid>(Target::parse("1234").value().form()).number, 1234);
    EXPECT_EQ(std::get<Target::Pid>(Target::parse("4194304").value().form()).number, 4'194'304);
}

TEST(Target, ReadsATokenAndADescriptor) {
    EXPECT_EQ(std::get<Token>(Target::parse("12:34").value().form()), (Token{12, 34, std::nullopt}));
    EXPECT_EQ(std::get<Token>(Target::parse("12:34:0000000f").value().form()), (Token{12, 34, 15}));
    EXPECT_EQ(std::get<Target::InheritedFd>(Target::parse("fd:3").value().form()).number, 3);
    EXPECT_EQ(Target::parse("fd:3").value().text(), "fd:3");
}

struct Bad {
    const char* text;
    std::size_t column;
};

TEST(Target, PointsAtWhatIsWrong) {
    for (const Bad& bad :
         {Bad{"", 1}, Bad{"0", 1}, Bad{"00", 1}, Bad{"-1", 1}, Bad{"-77", 1}, Bad{"--", 1}, Bad{"4194305", 1},
          Bad{"99999999999999999999", 1}, Bad{"abc", 1}, Bad{"12x", 3}, Bad{" 12", 1}, Bad{"12 ", 3}, Bad{"fd:", 4},
          Bad{"fd:-1", 4}, Bad{"fd:x", 4}, Bad{"12:x", 4}, Bad{"name:nginx", 1}}) {
        const Result<Target> target = Target::parse(bad.text);
        ASSERT_FALSE(target) << bad.text;
        EXPECT_EQ(target.error().code, EINVAL) << bad.text;
        EXPECT_EQ(target.error().reason, Reason::bad_input) << bad.text;
        EXPECT_EQ(target.error().column, bad.column) << bad.text;
    }
}

TEST(Target, SaysWhichWordANegativeNumberStandsFor) {
    EXPECT_NE(Target::parse("-77").error().context.find("group:77"), std::string::npos);
    EXPECT_NE(Target::parse("0").error().context.find("group:"), std::string::npos);
}

} // namespace
} // namespace sig2pid
