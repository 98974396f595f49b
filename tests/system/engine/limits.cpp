// SPDX-License-Identifier: BSD-2-Clause
// How often a rule may signal, and how often match.
#include "fixture.hpp"

#include <algorithm>
#include <chrono>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace sig2pid::engine {

namespace {

/// Calls that a rule matches, for so long, from a thread on each of two CPUs.
void race(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    const auto call = [end](std::size_t cpu) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof(one), &one);
        while (std::chrono::steady_clock::now() < end) {
            for (int i = 0; i < 100; i++) {
                syscall(SYS_getpgid, 0x5150);
            }
        }
    };
    std::thread other(call, std::size_t{0});
    call(1);
    other.join();
}

class Limits : public Engine {};

TEST_F(Limits, of_a_rate_hold_back_what_is_beyond) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.limit = *RateLimit::parse("3/1h");
    const auto outcome = watch(text, [] {
        for (int i = 0; i < 10; i++) {
            getpgid(0x5150);
        }
    });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 3U);
    EXPECT_EQ(outcome.summary.total(Verdict::limited), 7U);
    EXPECT_EQ(received().size(), 3U);
}

TEST_F(Limits, of_a_rate_are_kept_and_used_up_by_cpus_that_race) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.limit = *RateLimit::parse("200/1h");
    const auto outcome = watch(text, [] { race(std::chrono::milliseconds(500)); }, Reports::none);
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 200U);
    EXPECT_EQ(outcome.summary.matched, outcome.summary.total(Verdict::limited) + 200);
}

TEST_F(Limits, of_a_rate_keep_signals_that_far_apart_though_cpus_race) {
    if (const std::string missing = missing_rung(Rung::direct); !missing.empty()) {
        GTEST_SKIP() << missing;
    }
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.limit = *RateLimit::parse("1/20us");
    text.value = "time";
    const auto outcome = watch(text, [] { race(std::chrono::seconds(1)); }, Reports::none);
    std::vector<std::uint64_t> times;
    for (const auto& signal : received()) {
        times.push_back(signal.value);
    }
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), times.size());
    std::ranges::sort(times);
    std::size_t close = 0;
    for (std::size_t i = 1; i < times.size(); i++) {
        close += times[i] - times[i - 1] < 1'000 ? 1U : 0U;
    }
    EXPECT_LE(close, 5U) << "the machine may take a CPU away between the event and its judgement, but not often";
}

TEST_F(Limits, of_a_count_are_those_of_matches) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.count = 4;
    const auto outcome = watch(text, [] {
        for (int i = 0; i < 10; i++) {
            getpgid(0x5150);
        }
    });
    EXPECT_EQ(outcome.summary.matched, 4U);
    EXPECT_EQ(received().size(), 4U);
}

} // namespace

} // namespace sig2pid::engine
