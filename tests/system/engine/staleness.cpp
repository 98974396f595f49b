// SPDX-License-Identifier: BSD-2-Clause
// Between a match and the agent's send anything may have happened to the target, where the agent was stopped.
#include "agent_process.hpp"
#include "fixture.hpp"
#include "helpers/confined.hpp"
#include "helpers/pid_space.hpp"
#include "on_rung.hpp"

#include <csignal>
#include <fmt/format.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

struct Case {
    int signal = SIGUSR1;
    rlim_t places = 0; ///< of the target's queue: with few the kernel leaves it to the agent to see whether one fits
};
class Staleness : public Engine, public ::testing::WithParamInterface<Case> {};

/// Catches the signal until it is told not to.
Child::Body forgetful(const UniqueFd& go, const UniqueFd& done, Case which) {
    return [&, which](const std::function<void()>& ready) {
        const rlimit limit = {which.places, which.places};
        setrlimit(RLIMIT_SIGPENDING, &limit);
        if (setuid(54322) != 0) { // the queue is the user's: nobody else has this one
            return 1;
        }
        signal(which.signal, [](int) {});
        unblock_all();
        ready();
        eventfd_t value = 0;
        eventfd_read(go.get(), &value);
        signal(which.signal, SIG_DFL);
        eventfd_write(done.get(), 1);
        return test::pause_at_defaults([] {});
    };
}

/// For a moment the agent relies on what the kernel saw.
void outlast_the_look() {
    const UniqueFd timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
    const itimerspec moment = {{}, {0, 1'000'000}};
    timerfd_settime(timer.get(), 0, &moment, nullptr);
    std::uint64_t expirations = 0;
    EXPECT_EQ(read(timer.get(), &expirations, sizeof(expirations)), static_cast<ssize_t>(sizeof(expirations)));
}

TEST_P(Staleness, a_target_that_stopped_to_catch_the_signal_is_not_ended) {
    const UniqueFd go(eventfd(0, EFD_CLOEXEC));
    const UniqueFd done(eventfd(0, EFD_CLOEXEC));
    const Child target(forgetful(go, done, GetParam()));
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.signal = Signal(GetParam().signal);
    text.rung = Rung::pidfd;
    text.target = *parse_rule_target(std::to_string(target.pid()));
    AgentProcess agent(text);
    agent.stop();
    syscall(SYS_getpgid, 0x5150);
    eventfd_write(go.get(), 1);
    eventfd_t value = 0;
    eventfd_read(done.get(), &value);
    outlast_the_look();
    agent.go_on();
    const auto sum = agent.finish();
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->total(Verdict::unhandled), 1U);
    EXPECT_EQ(sum->matched, 1U);
    EXPECT_EQ(*target.process().state(), ProcessState::alive);
}

INSTANTIATE_TEST_SUITE_P(cases, Staleness,
                         ::testing::Values(Case{SIGUSR1, 1'000}, Case{SIGUSR1, 8}, Case{SIGRTMIN + 3, 1'000},
                                           Case{SIGRTMIN + 3, 8}));

class OneShot : public Engine, public ::testing::WithParamInterface<Rung> {
protected:
    void SetUp() override {
        Engine::SetUp();
        if (const std::string missing = missing_rung(Rung::direct); !missing.empty()) {
            GTEST_SKIP() << missing << ": only the kernel sees what handler it is";
        }
    }
};

/// Catches one real-time signal, the next of which would end it.
int catch_once(const std::function<void()>& ready) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGRTMIN + 3, &action, nullptr);
    unblock_all();
    return test::pause_at_defaults(ready);
}

TEST_P(OneShot, a_handler_for_one_signal_is_not_trusted_with_a_second) {
    const Child target(catch_once);
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.signal = Signal(SIGRTMIN + 3);
    text.rung = GetParam();
    text.target = *parse_rule_target(std::to_string(target.pid()));
    AgentProcess agent(text);
    ASSERT_TRUE(send(target.process(), Signal(SIGSTOP))); // the first stays pending
    for (int i = 0; i < 3; ++i) {
        syscall(SYS_getpgid, 0x5150);
    }
    const auto sum = agent.finish();
    ASSERT_TRUE(sum);
    ASSERT_TRUE(send(target.process(), Signal(SIGCONT)));
    EXPECT_EQ(sum->matched, 3U);
    EXPECT_EQ(sum->total(Verdict::delivered), 1U);
    EXPECT_EQ(sum->total(Verdict::unhandled), 2U);
    while (signal_status(target.process()).value().shared_pending.contains(Signal(SIGRTMIN + 3))) {
        sched_yield();
    }
    EXPECT_EQ(*target.process().state(), ProcessState::alive);
}

INSTANTIATE_TEST_SUITE_P(rungs, OneShot, ::testing::Values(Rung::direct, Rung::pidfd), name_of_rung);

class ReusedPid : public Engine {};

/// What the init of the new PID namespace found; the exit status of the test's child.
enum Finding { all_well, cannot_unshare, cannot_steer, not_reused, refused, other_verdict, stranger_hurt };

/// A body that calls what the rule matches, and ends.
Child::Body call_once(const UniqueFd& go) {
    return [&](const std::function<void()>& ready) {
        ready();
        eventfd_t value = 0;
        eventfd_read(go.get(), &value);
        syscall(SYS_getpgid, 0x5150);
        return 0;
    };
}

Finding judge(const std::optional<Summary>& sum, const Child& stranger) {
    if (!sum) {
        return refused;
    }
    if (stranger.process().state() != ProcessState::alive) {
        return stranger_hurt;
    }
    return sum->matched == 1 && sum->total(Verdict::gone) == 1 ? all_well : other_verdict;
}

/// As PID 1: the subject of a match dies, and its PID passes to another before the agent wakes up.
///
/// Before Linux 6.9 only the start time tells processes apart, in ticks: the stranger must start in a later one. The
/// fork of the agent's process takes longer.
Finding reuse(const RuleText& text) {
    const UniqueFd go(eventfd(0, EFD_CLOEXEC));
    Child subject(call_once(go));
    AgentProcess agent(text);
    agent.stop();
    eventfd_write(go.get(), 1);
    subject.wait();
    if (!test::steer_next_pid(subject.pid())) {
        return cannot_steer;
    }
    const Child stranger(test::pause_at_defaults);
    if (stranger.pid() != subject.pid()) {
        return not_reused;
    }
    agent.go_on();
    return judge(agent.finish(), stranger);
}

TEST_F(ReusedPid, of_a_subject_leaves_the_stranger_alone) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.target = NamedTarget::subject;
    text.signal = Signal(SIGKILL);
    text.rung = Rung::pidfd;
    const int finding = test::run_as_init([&] { return reuse(text); }, cannot_unshare);
    if (finding == cannot_unshare || finding == cannot_steer) {
        GTEST_SKIP() << "needs a new PID namespace, its own /proc and ns_last_pid";
    }
    EXPECT_EQ(finding, all_well);
}

} // namespace

} // namespace sig2pid::engine
