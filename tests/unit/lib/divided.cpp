// SPDX-License-Identifier: BSD-2-Clause
#include "lib/divided.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <vector>

namespace sig2pid::test {
namespace {

constexpr Division two = {.threads = 2, .piece = 10, .worth = 100};

TEST(Divide, DoesEachThingOnce) {
    for (const std::size_t count : {0U, 1U, 9U, 10U, 11U, 999U, 1000U}) {
        std::vector<std::atomic<int>> done(count);
        divide(count, two, [&](std::size_t thread, std::size_t first, std::size_t last) {
            EXPECT_LT(thread, two.threads);
            EXPECT_LE(last - first, two.piece);
            for (std::size_t i = first; i < last; ++i) {
                ++done[i];
            }
            return true;
        });
        EXPECT_TRUE(std::ranges::all_of(done, [](int times) { return times == 1; })) << count;
    }
}

TEST(Divide, IsDoneByTheCallerAloneWhereItIsNotWorthAThread) {
    divide(199, two, [caller = std::this_thread::get_id()](std::size_t thread, std::size_t, std::size_t) {
        EXPECT_EQ(thread, 0U);
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return true;
    });
}

TEST(Divide, IsDoneByBothAtTheSameTime) {
    std::barrier both(2); // who came alone would wait for ever
    divide(200, {.threads = 2, .piece = 100, .worth = 100}, [&](std::size_t, std::size_t, std::size_t) {
        both.arrive_and_wait();
        return true;
    });
}

TEST(Divide, GivesNoMorePiecesAfterAFailure) {
    std::size_t pieces = 0;
    divide(90, two, [&](std::size_t, std::size_t, std::size_t) { return ++pieces < 3; });
    EXPECT_EQ(pieces, 3U);
}

TEST(Divide, LeavesProcessorsAndSignalsOfTheCallerAsTheyWere) {
    cpu_set_t before;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    std::atomic<int> wrong = 0;
    divide(1000, two, [&](std::size_t thread, std::size_t, std::size_t) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        wrong += (sigismember(&mask, SIGTERM) == 1) == (thread > 0) ? 0 : 1;
        return true;
    });
    EXPECT_EQ(wrong, 0) << "signals of the program are for its own threads";
    cpu_set_t after;
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

} // namespace
} // namespace sig2pid::test
