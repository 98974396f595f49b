// SPDX-License-Identifier: BSD-2-Clause
#include "engine/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace sig2pid::engine {

namespace {

using std::chrono::seconds;

TEST(RateLimiter, admits_so_many_in_any_span_of_the_period) {
    RateLimiter limiter({2, seconds(10)});
    const RateLimiter::Time start;
    EXPECT_TRUE(limiter.admit(start));
    EXPECT_TRUE(limiter.admit(start + seconds(6)));
    EXPECT_FALSE(limiter.admit(start + seconds(9)));
    EXPECT_TRUE(limiter.admit(start + seconds(10)));
    EXPECT_FALSE(limiter.admit(start + seconds(15)));
    EXPECT_TRUE(limiter.admit(start + seconds(16)));
}

TEST(RateLimiter, does_not_count_what_it_refuses) {
    RateLimiter limiter({1, seconds(10)});
    const RateLimiter::Time start;
    EXPECT_TRUE(limiter.admit(start));
    for (int i = 1; i < 10; i++) {
        EXPECT_FALSE(limiter.admit(start + seconds(i)));
    }
    EXPECT_TRUE(limiter.admit(start + seconds(10)));
}

} // namespace

} // namespace sig2pid::engine
