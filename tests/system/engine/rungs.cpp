// SPDX-License-Identifier: BSD-2-Clause
#include "on_rung.hpp"

#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

TEST_P(OnRung, an_exit_status_arrives_as_payload) {
    auto text = rule("exit", R"(comm == "worker" && code != 0)");
    text.value = "code";
    text.rung = GetParam();
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        run_named("stranger", 5);
        run_named("worker", 7);
    });
    ASSERT_EQ(outcome.reports.size(), 1U);
    const Match& match = outcome.reports[0].match;
    EXPECT_EQ(match.verdict, Verdict::delivered);
    EXPECT_EQ(match.rung, GetParam());
    EXPECT_EQ(match.seq, 1U);
    EXPECT_EQ(match.value, 7U);
    EXPECT_TRUE(match.blocked);
    EXPECT_EQ(match.target.pid, getpid());
    EXPECT_EQ(match.target.inode, Process::open(getpid())->inode());
    const auto signals = received();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].signal, Signal(SIGRTMIN + 3));
    EXPECT_EQ(signals[0].value, 7U);
    EXPECT_EQ(signals[0].from_kernel, GetParam() != Rung::pidfd);
    EXPECT_EQ(outcome.summary.count(GetParam(), Verdict::delivered), 1U);
    EXPECT_EQ(outcome.summary.matched, 1U);
}

TEST_P(OnRung, all_64_bits_of_a_constant_arrive) {
    auto text = rule("exit", R"(comm == "worker")");
    text.value = "0xfedcba9876543210";
    text.rung = GetParam();
    const auto outcome = watch(text, [&] { run_named("worker", 0); });
    const auto signals = received();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].value, 0xfedcba9876543210U);
}

TEST_P(OnRung, a_standard_signal_already_pending_is_coalesced) {
    auto text = rule("exit", R"(comm == "worker")");
    text.signal = Signal(SIGUSR1);
    text.rung = GetParam();
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        run_named("worker", 0);
    });
    EXPECT_EQ(received().size(), 1U);
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
    EXPECT_EQ(outcome.summary.total(Verdict::coalesced), 1U);
}

INSTANTIATE_TEST_SUITE_P(rungs, OnRung, every_rung, name_of_rung);

class Flood : public OnRung {};

TEST_P(Flood, every_match_is_received_or_has_another_verdict) {
    auto text = rule("syscall:getpgid", "pid == 0x5150 && tid != 0");
    text.value = "seq";
    text.rung = GetParam();
    std::uint64_t taken = 0;
    const auto outcome = watch(text, [] { call_often(100'000); }, Reports::none);
    taken += received().size();
    const Summary& sum = outcome.summary;
    EXPECT_EQ(sum.matched + sum.missed, 100'000U);
    EXPECT_EQ(taken, sum.total(Verdict::delivered));
    EXPECT_EQ(sum.matched, sum.total(Verdict::delivered) + sum.total(Verdict::overflow) + sum.lost);
    EXPECT_EQ(sum.unjudged, 0U);
}

INSTANTIATE_TEST_SUITE_P(rungs, Flood, every_rung, name_of_rung);

} // namespace

} // namespace sig2pid::engine
