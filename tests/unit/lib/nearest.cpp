// SPDX-License-Identifier: BSD-2-Clause
#include "lib/nearest.hpp"

#include <array>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

constexpr std::array<std::string_view, 5> commands = {"send", "recv", "events", "doctor", "signals"};

TEST(Nearest, FindsAWordOneEditAway) {
    EXPECT_EQ(nearest("sned", commands), "send");
    EXPECT_EQ(nearest("event", commands), "events");
    EXPECT_EQ(nearest("RECV", commands), "recv");
}

TEST(Nearest, SuggestsNothingForAnotherWord) {
    EXPECT_EQ(nearest("xyzzy", commands), "");
    EXPECT_EQ(nearest("", commands), "");
    EXPECT_EQ(nearest(std::string(10'000, 's'), commands), "");
}

} // namespace
} // namespace sig2pid
