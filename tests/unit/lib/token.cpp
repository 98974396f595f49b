// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/token.hpp>

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

TEST(Token, ReadsBackWhatItWrites) {
    for (const Token& token :
         {Token{1, 2, std::nullopt}, Token{4'194'304, ~std::uint64_t{0}, 0xDEADBEEF}, Token{7, 0, 0}}) {
        EXPECT_EQ(Token::parse(token.to_string()), token);
    }
    EXPECT_EQ((Token{7, 8, 0xAB}.to_string()), "7:8:000000ab");
}

struct BadToken {
    const char* text;
    std::size_t column;
};

TEST(Token, PointsAtWhatIsWrong) {
    for (const BadToken& bad :
         {BadToken{"", 1}, BadToken{"x:1", 1}, BadToken{"0:1", 1}, BadToken{"-1:1", 1}, BadToken{"1", 2},
          BadToken{"1:", 3}, BadToken{"1:x", 3}, BadToken{"1:-2", 3}, BadToken{"1:18446744073709551616", 3},
          BadToken{"1:2:", 5}, BadToken{"1:2:abc", 5}, BadToken{"1:2:0123456789", 5}, BadToken{"1:2:0123456g", 5},
          BadToken{"1:2:01234567:", 5}, BadToken{"99999999999:1", 1}}) {
        const Result<Token> token = Token::parse(bad.text);
        ASSERT_FALSE(token) << bad.text;
        EXPECT_EQ(token.error().code, EINVAL) << bad.text;
        EXPECT_EQ(token.error().column, bad.column) << bad.text;
    }
}

TEST(Token, BootIdIsTheSameEachTime) {
    EXPECT_EQ(boot_id(), boot_id());
}

} // namespace
} // namespace sig2pid
