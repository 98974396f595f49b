// SPDX-License-Identifier: BSD-2-Clause
// The account when the agent cannot keep up: every match has its verdict or is lost, whatever the ring buffer could
// take.
#include "agent_process.hpp"
#include "fixture.hpp"
#include "on_rung.hpp"

#include <csignal>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

constexpr int flood = 20'000; ///< some times more reports than the ring buffer holds

class StoppedAgent : public OnRung {
protected:
    [[nodiscard]] static RuleText rule_of_calls() {
        auto text = rule("syscall:getpgid", "pid == 0x5150");
        text.rung = GetParam();
        return text;
    }
};

TEST_P(StoppedAgent, what_its_ring_buffer_cannot_take_is_counted) {
    AgentProcess agent(rule_of_calls());
    agent.stop();
    call_often(flood);
    agent.go_on();
    const auto sum = agent.finish();
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->matched + sum->missed, static_cast<std::uint64_t>(flood));
    EXPECT_EQ(sum->matched, accounted(*sum));
    EXPECT_GT(sum->lost + sum->unreported, 0U);
    EXPECT_LT(sum->lost + sum->unreported, static_cast<std::uint64_t>(flood));
    EXPECT_EQ(sum->total(Verdict::delivered), received().size());
}

/// Calls that the rule matches, as often as was written to `go`; then says so through `done`.
Child::Body caller(const UniqueFd& go, const UniqueFd& done) {
    return [&](const std::function<void()>& ready) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, nullptr);
        ready();
        eventfd_t times = 0;
        eventfd_read(go.get(), &times);
        call_often(static_cast<int>(times));
        eventfd_write(done.get(), 1);
        return test::block_all_and_pause([] {});
    };
}

TEST_P(StoppedAgent, a_send_that_it_could_not_be_told_of_is_not_forgotten) {
    const UniqueFd go(eventfd(0, EFD_CLOEXEC));
    const UniqueFd done(eventfd(0, EFD_CLOEXEC));
    const Child target(caller(go, done));
    auto text = rule_of_calls();
    text.target = *parse_rule_target(std::to_string(target.pid()));
    AgentProcess agent(text);
    agent.stop();
    eventfd_write(go.get(), flood);
    eventfd_t times = 0;
    eventfd_read(done.get(), &times);
    kill(target.pid(), SIGSTOP);
    ASSERT_TRUE(await_stop(target));
    call_often(200); // where a send is queued onto the target, it stays queued
    agent.go_on();
    const auto sum = agent.finish();
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->matched + sum->missed, static_cast<std::uint64_t>(flood) + 200);
    EXPECT_EQ(sum->matched, accounted(*sum));
}

INSTANTIATE_TEST_SUITE_P(rungs, StoppedAgent, every_rung, name_of_rung);

class Burst : public OnRung {};

TEST_P(Burst, of_a_standard_signal_has_as_many_delivered_as_arrive) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.signal = Signal(SIGUSR1);
    text.rung = GetParam();
    const auto outcome = watch(text, [] { call_often(200); });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), received().size());
    EXPECT_EQ(outcome.summary.matched,
              outcome.summary.total(Verdict::delivered) + outcome.summary.total(Verdict::coalesced));
}

INSTANTIATE_TEST_SUITE_P(rungs, Burst, every_rung, name_of_rung);

} // namespace

} // namespace sig2pid::engine
