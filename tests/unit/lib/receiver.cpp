// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/scoped_calls.hpp"

#include <sig2pid/receiver.hpp>

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

std::uint64_t blocked_now() {
    std::uint64_t mask = 0;
    sys::kernel_calls().rt_sigprocmask(SIG_BLOCK, 0, &mask);
    return mask;
}

TEST(Receiver, RefusesWhatNobodyCanReceive) {
    for (const int number : {SIGKILL, SIGSTOP, 32, 33}) {
        const Result<Receiver> receiver = Receiver::make({Signal(SIGUSR1), Signal(number)});
        ASSERT_FALSE(receiver) << number;
        EXPECT_EQ(receiver.error().reason, Reason::invalid_signal) << number;
    }
    EXPECT_EQ(Receiver::make({}).error().code, EINVAL);
}

TEST(Receiver, RestoresOnlyWhatItBlocked) {
    const std::uint64_t usr2 = SignalSet{Signal(SIGUSR2)}.mask();
    const std::uint64_t before = blocked_now();
    sys::kernel_calls().rt_sigprocmask(SIG_BLOCK, usr2, nullptr);
    {
        const Receiver receiver = Receiver::make({Signal(SIGUSR1), Signal(SIGUSR2)}).value();
        EXPECT_EQ(blocked_now(), before | usr2 | receiver.signals().mask());
    }
    EXPECT_EQ(blocked_now(), before | usr2);
    sys::kernel_calls().rt_sigprocmask(SIG_SETMASK, before, nullptr);
}

TEST(Receiver, RestoresOnceWhenMoved) {
    const std::uint64_t before = blocked_now();
    {
        Receiver first = Receiver::make({Signal(SIGUSR1)}).value();
        Receiver second = std::move(first);
        EXPECT_NE(blocked_now(), before);
        second = Receiver::make({Signal(SIGUSR2)}).value();
        EXPECT_EQ(blocked_now(), before | SignalSet{Signal(SIGUSR2)}.mask());
    }
    EXPECT_EQ(blocked_now(), before);
}

TEST(Receiver, UnblocksWhenItCannotBeMade) {
    const std::uint64_t before = blocked_now();
    test::ScopedCalls calls;
    calls.table.signalfd = [](std::uint64_t) { return -EMFILE; };
    EXPECT_EQ(Receiver::make({Signal(SIGUSR1)}).error().code, EMFILE);
    EXPECT_EQ(blocked_now(), before);
}

TEST(Receiver, GoesOnWaitingAfterAnInterruption) {
    Receiver receiver = Receiver::make({Signal(SIGUSR1)}).value();
    test::ScopedCalls calls;
    static int interruptions = 0;
    calls.table.rt_sigtimedwait = [](std::uint64_t, siginfo_t& info, const timespec*) {
        info.si_signo = SIGUSR1;
        return ++interruptions < 3 ? -EINTR : SIGUSR1;
    };
    const auto received = receiver.receive(std::chrono::hours(1));
    ASSERT_TRUE(received && *received);
    EXPECT_EQ(interruptions, 3);
}

TEST(Receiver, WaitsForEverWithoutATimeoutAndForHugeOnes) {
    Receiver receiver = Receiver::make({Signal(SIGUSR1)}).value();
    test::ScopedCalls calls;
    calls.table.rt_sigtimedwait = [](std::uint64_t, siginfo_t& info, const timespec* timeout) {
        EXPECT_EQ(timeout, nullptr);
        info.si_signo = SIGUSR1;
        return SIGUSR1;
    };
    EXPECT_TRUE(receiver.receive().value());
    EXPECT_TRUE(receiver.receive(std::chrono::nanoseconds::max()).value());
}

} // namespace
} // namespace sig2pid
