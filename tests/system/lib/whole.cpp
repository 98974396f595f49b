// SPDX-License-Identifier: BSD-2-Clause
// What the send command does to a selection, by the library alone.
#include "helpers/fork_bomb.hpp"
#include "helpers/rounds.hpp"
#include "helpers/selected.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/signal_status.hpp>
#include <sig2pid/whole.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// How often each was acted on, by index.
using Calls = std::map<std::size_t, int>;

/// Delivers the signal to all: how often to each.
Calls deliver_to_all(ProcessSet& set, Signal signal, const ActOptions& options) {
    Calls calls;
    const Result<> acted = act_on_all(set, options, [&](std::size_t i, const Process* process, const Result<>& held) {
        ++calls[i];
        ASSERT_TRUE(process != nullptr && held) << held.error().message();
        const Result<Delivery> delivery = deliver(*process, signal);
        ASSERT_TRUE(delivery) << delivery.error().message();
        EXPECT_EQ(delivery->verdict, Verdict::delivered) << to_string(delivery->verdict);
    });
    EXPECT_TRUE(acted) << acted.error().message();
    return calls;
}

void expect_once_each(const Calls& calls, const ProcessSet& set) {
    EXPECT_EQ(calls.size(), set.size());
    for (const auto& [index, count] : calls) {
        EXPECT_EQ(count, 1) << index;
    }
}

TEST(ActOnAll, ReachesEachForkOfABombOnce) {
    for (int round = 0; round < rounds(5, 2); ++round) {
        Fuse fuse;
        Child bomb(fork_bomb);
        ProcessSet set = select_by({"tree:" + std::to_string(bomb.pid())}).value();
        const ActOptions options{.newcomers = Newcomers::matching, .trees = Trees::stopped};
        expect_once_each(deliver_to_all(set, Signal(SIGKILL), options), set);
        bomb.wait();
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round;
    }
}

TEST(ActOnAll, ReachesEachForkOfAFrozenGroupOnce) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    Fuse fuse;
    const Child bomb(fork_bomb_in(group));
    const std::vector<Target> targets = {Target::parse("cgroup:" + group.path()).value()};
    {
        const FrozenTargets frozen(targets);
        EXPECT_EQ(frozen.size(), 1U);
        ProcessSet set = select(Selector(targets)).value();
        expect_once_each(deliver_to_all(set, Signal(SIGTERM), {.newcomers = Newcomers::matching}), set);
    }
    EXPECT_TRUE(fuse.is_out());
}

/// A body that forks so many, which stay, into the group.
Child::Body crowd_in(const ControlGroup& group, int size) {
    return [&group, size](const std::function<void()>& ready) {
        group.enter();
        for (int i = 1; i < size; ++i) {
            if (const pid_t pid = ::fork(); pid <= 0) {
                return pid < 0 ? 1 : pause_at_defaults(ready);
            }
        }
        return pause_at_defaults(ready);
    };
}

TEST(FrozenTargets, CountsAllOfALargeGroup) {
    constexpr int size = 1200; // the kernel gives 680 of them in one read
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    const Child crowd(crowd_in(group, size));
    const std::vector<Target> targets = {Target::parse("cgroup:" + group.path()).value()};
    const FrozenTargets frozen(targets);
    EXPECT_EQ(frozen.count().value(), std::size_t{size});
}

TEST(ActOnAll, LeavesNobodyStoppedWhomItLeftAlone) {
    const Child child([](const auto& ready) {
        ::prctl(PR_SET_NAME, "before");
        ::signal(SIGUSR1, [](int) { ::prctl(PR_SET_NAME, "after"); });
        return pause_at_defaults(ready);
    });
    ProcessSet set = select_by({"tree:" + std::to_string(child.pid()) + ",name:before"}).value();
    ASSERT_EQ(set.size(), 1U);
    ASSERT_TRUE(send(child.process(), Signal(SIGUSR1)));
    while (name(child.process()).value() != "after") {
        ::sched_yield();
    }
    Error told;
    const ActOptions options{.newcomers = Newcomers::matching, .trees = Trees::stopped};
    ASSERT_TRUE(act_on_all(set, options, [&](std::size_t, const Process*, const Result<>& held) {
        told = held ? Error{} : held.error();
    }));
    EXPECT_EQ(told.reason, Reason::changed);
    EXPECT_NE(signal_status(child.process()).value().state, 'T');
}

/// The leader of a session and, stopped with it, a job of its own process group, which forks out of it as soon as it
/// goes on.
int shell_with_job(const std::function<void()>& ready) {
    ::setsid();
    const pid_t job = ::fork();
    ::setpgid(job, job);
    if (job == 0) {
        ::signal(SIGHUP, SIG_IGN);
        ::signal(SIGCONT, [](int) {
            if (::fork() == 0) {
                ::setsid();
                ::alarm(60);
            }
        });
    }
    ready(); // when both have come here
    ::alarm(60);
    for (;;) {
        ::pause();
    }
}

TEST(ActOnAll, KillsAJobBeforeTheDeathOfItsShellLetsItGoOn) {
    Fuse fuse;
    Child shell(shell_with_job);
    ProcessSet set = select_by({"tree:" + std::to_string(shell.pid())}).value();
    ASSERT_EQ(set.size(), 2U);
    const ActOptions options{.newcomers = Newcomers::matching, .trees = Trees::stopped};
    const auto kill_and_wait = [](std::size_t, const Process* process, const Result<>& held) {
        ASSERT_TRUE(process != nullptr && held);
        ASSERT_TRUE(send(*process, Signal(SIGKILL)));
        wait_for_exit(*process);
        const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
        while (std::chrono::steady_clock::now() < soon) { // time for a job that goes on
            ::sched_yield();
        }
    };
    ASSERT_TRUE(act_on_all(set, options, kill_and_wait));
    shell.wait();
    EXPECT_TRUE(fuse.is_out()) << "somebody escaped";
}

TEST(FrozenTargets, AreKilledWithWhoWasPutThereLast) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    const auto in_group = [&](const auto& ready) {
        group.enter();
        return pause_at_defaults(ready);
    };
    Child first(in_group);
    const std::vector<Target> targets = {Target::parse("cgroup:" + group.path()).value()};
    FrozenTargets frozen(targets);
    ASSERT_EQ(frozen.size(), 1U);
    EXPECT_EQ(frozen.count(), 1U);
    Child second(pause_at_defaults);
    std::ofstream(group.path() + "/cgroup.procs") << second.pid();
    EXPECT_EQ(frozen.count(), 2U);
    const Result<> killed = frozen.kill();
    if (!killed && killed.error().code == ENOENT) {
        GTEST_SKIP() << "cgroup.kill is in Linux 5.14 and later";
    }
    ASSERT_TRUE(killed) << killed.error().message();
    EXPECT_EQ(first.wait(), 128 + SIGKILL);
    EXPECT_EQ(second.wait(), 128 + SIGKILL);
}

TEST(HoldStill, TakesWhoSomebodyElseHasFrozenForOneThatStandsStill) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    const Child child([&](const auto& ready) {
        group.enter();
        return pause_at_defaults(ready);
    });
    group.freeze();
    while (!group.stands_still()) {
        ::sched_yield();
    }
    ProcessSet set = select_by({"tree:" + std::to_string(child.pid())}).value();
    const Result<> held = hold_still({}, set); // ETIMEDOUT where it is waited for
    EXPECT_TRUE(held) << held.error().message();
}

TEST(FrozenTargets, SayWhyAGroupRunsOn) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    Child inside([&](const auto&) {
        group.enter();
        const std::vector<Target> targets = {Target::parse("cgroup:" + group.path()).value()};
        const FrozenTargets frozen(targets);
        return frozen.size() == 0 && frozen.failures().size() == 1 && frozen.failures()[0].code == EDEADLK ? 0 : 1;
    });
    EXPECT_EQ(inside.wait(), 0);
}

} // namespace
} // namespace sig2pid::test
