// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/send.hpp>
#include <sig2pid/wait.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const Deadline long_gone = steady_clock::time_point::min();

Process pin(const Process& process) {
    return process.duplicate().value();
}

std::vector<Process> pins(std::initializer_list<const Process*> processes) {
    std::vector<Process> all;
    for (const Process* process : processes) {
        all.push_back(pin(*process));
    }
    return all;
}

void kill(const Process& process) {
    ASSERT_TRUE(send(process, Signal(SIGKILL)));
}

TEST(Wait, ForAllEndsWithTheLastExitOfChildrenAndStrangers) {
    const Child child(pause_at_defaults);
    const Stranger stranger(pause_at_defaults);
    const std::vector<Process> both = pins({&child.process(), &stranger.process()});
    kill(stranger.process());
    WaitOptions options;
    options.on_exit = [&](const Exit& exit) {
        if (exit.index == 1) {
            kill(child.process());
        }
    };
    const WaitResult result = wait_all(both, options).value();
    EXPECT_EQ(result.end, WaitEnd::done);
    ASSERT_EQ(result.exits.size(), 2U);
    EXPECT_EQ(result.exits[0].index, 1U);
    EXPECT_EQ(result.exits[1].index, 0U);
    EXPECT_EQ(result.exits[1].status.signal, Signal(SIGKILL));
}

TEST(Wait, CountsExitAndReapingOnce) {
    const Child survivor(pause_at_defaults);
    Stranger stranger(pause_at_defaults);
    const std::vector<Process> both = pins({&survivor.process(), &stranger.process()});
    WaitOptions options;
    int exits = 0;
    const UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
    options.cancel_fd = cancel.get();
    options.on_exit = [&](const Exit&) {
        exits++;
        stranger.reap();
        ::eventfd_write(cancel.get(), 1);
    };
    kill(stranger.process());
    const WaitResult result = wait_all(both, options).value();
    EXPECT_EQ(result.end, WaitEnd::cancelled);
    EXPECT_EQ(result.exits.size(), 1U);
    EXPECT_EQ(exits, 1);
}

TEST(Wait, ForAnyEndsWithTheFirstExit) {
    const Child stays(pause_at_defaults);
    const Child ends(pause_at_defaults);
    const std::vector<Process> both = pins({&stays.process(), &ends.process()});
    kill(ends.process());
    const WaitResult result = wait_any(both).value();
    EXPECT_EQ(result.end, WaitEnd::done);
    ASSERT_EQ(result.exits.size(), 1U);
    EXPECT_EQ(result.exits[0].index, 1U);
}

TEST(Wait, ForNothingIsDoneForAllAndAMistakeForAny) {
    EXPECT_EQ(wait_all({}).value().end, WaitEnd::done);
    EXPECT_EQ(wait_any({}).error().reason, Reason::bad_input);
}

TEST(Wait, WithADeadlineThatHasPassedLooksOnce) {
    const Child alive(pause_at_defaults);
    const Child dead(pause_at_defaults);
    kill(dead.process());
    dead.wait_for_zombie();
    const std::vector<Process> both = pins({&alive.process(), &dead.process()});
    const WaitResult result = wait_all(both, {.deadline = long_gone}).value();
    EXPECT_EQ(result.end, WaitEnd::timed_out);
    ASSERT_EQ(result.exits.size(), 1U);
    EXPECT_EQ(result.exits[0].index, 1U);
}

TEST(Wait, NeverEndsBeforeItsDeadline) {
    const Child alive(pause_at_defaults);
    const Deadline deadline = deadline_after(milliseconds(20));
    EXPECT_EQ(wait_all({&alive.process(), 1}, {.deadline = deadline}).value().end, WaitEnd::timed_out);
    EXPECT_GE(steady_clock::now(), *deadline);
}

TEST(Wait, ATimeoutBeyondTheClockIsNone) {
    EXPECT_FALSE(deadline_after(std::chrono::nanoseconds::max()));
    EXPECT_FALSE(deadline_after(std::nullopt));
}

TEST(Wait, EndsWhenTheOtherEndOfTheCancelPipeCloses) {
    const Child alive(pause_at_defaults);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    std::thread closer([fd = ends[1]] { ::close(fd); });
    const WaitResult result = wait_all({&alive.process(), 1}, {.cancel_fd = reader.get()}).value();
    closer.join();
    EXPECT_EQ(result.end, WaitEnd::cancelled);
    EXPECT_TRUE(result.exits.empty());
}

TEST(Wait, RefusesACancelDescriptorThatCannotBeWaitedFor) {
    const Child alive(pause_at_defaults);
    const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(wait_all({&alive.process(), 1}, {.cancel_fd = file.get()}).error().code, EPERM);
    EXPECT_EQ(wait_all({&alive.process(), 1}, {.cancel_fd = 1'000'000}).error().code, EBADF);
}

TEST(Wait, TakesMoreProcessesThanOneRoundOfEpoll) {
    std::vector<std::unique_ptr<Child>> children;
    std::vector<Process> processes;
    for (int i = 0; i < 300; ++i) {
        children.push_back(std::make_unique<Child>([i](const auto&) { return i % 256; }));
        processes.push_back(pin(children.back()->process()));
    }
    const WaitResult result = wait_all(processes).value();
    ASSERT_EQ(result.exits.size(), 300U);
    for (const Exit& exit : result.exits) {
        EXPECT_EQ(exit.status.code, exit.index % 256);
    }
}

std::atomic<int> alarms;

TEST(Wait, GoesOnWhileHandlersRun) {
    const Child child(pause_at_defaults);
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) { alarms++; };
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{{0, 1000}, {0, 1000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const WaitResult result = wait_all({&child.process(), 1}, {.deadline = deadline_after(milliseconds(30))}).value();
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    EXPECT_EQ(result.end, WaitEnd::timed_out);
    EXPECT_GT(alarms, 0);
}

TEST(Wait, LearnsTheStatusThatIsToldOnlyAfterReaping) {
    if (::geteuid() != 0 || !kernel_is_at_least(6, 15)) {
        GTEST_SKIP() << "needs root to become another user, and Linux 6.15 for PIDFD_INFO_EXIT";
    }
    Stranger stranger([](const auto&) { return 7; });
    wait_for_exit(stranger.process());
    Stranger held([](const auto&) { return 7; });
    wait_for_exit(held.process());
    const int status = run_as_nobody([&] {
        const Process process = Process::from_fd(stranger.process().fd()).value();
        std::thread parent([&] { stranger.let_parent_reap(); });
        const WaitResult reaped = wait_all({&process, 1}).value();
        parent.join();
        const Process zombie = Process::from_fd(held.process().fd()).value();
        const WaitResult unreaped = wait_all({&zombie, 1}).value();
        return reaped.exits.at(0).status.code == 7 && !unreaped.exits.at(0).status.known() ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
}

TEST(Wait, SeveralThreadsMayWaitForTheSameProcesses) {
    std::vector<std::unique_ptr<Child>> children;
    std::vector<Process> processes;
    for (int i = 0; i < 20; ++i) {
        children.push_back(std::make_unique<Child>(pause_at_defaults));
        processes.push_back(pin(children.back()->process()));
    }
    std::atomic<std::size_t> seen = 0;
    {
        std::vector<std::jthread> waiters;
        waiters.reserve(4);
        for (int i = 0; i < 4; ++i) {
            waiters.emplace_back([&] { seen += wait_all(processes).value().exits.size(); });
        }
        for (const Process& process : processes) {
            kill(process);
        }
    }
    EXPECT_EQ(seen, 80U);
}

} // namespace
} // namespace sig2pid::test
