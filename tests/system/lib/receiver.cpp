// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"

#include <sig2pid/receiver.hpp>
#include <sig2pid/send.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using namespace std::chrono_literals;

const Signal realtime(SIGRTMIN + 5);

class ReceiverOfRealtime : public testing::Test {
protected:
    ReceivedSignal next() {
        Result<std::optional<ReceivedSignal>> received = receiver_.receive(10s);
        return received.value().value();
    }

    bool is_readable(int timeout_ms = 0) {
        pollfd entry{receiver_.fd(), POLLIN, 0};
        return ::poll(&entry, 1, timeout_ms) == 1;
    }

    Receiver receiver_ = Receiver::make({realtime, Signal(SIGCHLD)}).value();
    Process self_ = Process::open(::getpid()).value();
};

TEST_F(ReceiverOfRealtime, KeepsOrderAndPayload) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        ASSERT_TRUE(queue(self_, realtime, Payload{i << 57U | i}));
    }
    for (std::uint64_t i = 0; i < 100; ++i) {
        const ReceivedSignal received = next();
        EXPECT_EQ(received.value, i << 57U | i);
        EXPECT_EQ(received.sender_pid, ::getpid());
        EXPECT_EQ(received.sender_uid, ::getuid());
    }
}

TEST_F(ReceiverOfRealtime, EndsTheWaitWithTheTimeout) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(receiver_.receive(20ms).value().has_value(), false);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
    EXPECT_EQ(receiver_.receive(0s).value().has_value(), false);
    EXPECT_EQ(receiver_.receive(-1s).value().has_value(), false);
}

TEST_F(ReceiverOfRealtime, IsReadableWhileASignalIsPending) {
    EXPECT_FALSE(is_readable());
    ASSERT_TRUE(queue(self_, realtime, Payload{1}));
    ASSERT_TRUE(queue(self_, realtime, Payload{2}));
    EXPECT_TRUE(is_readable());
    EXPECT_EQ(next().value, 1U);
    EXPECT_TRUE(is_readable());
    EXPECT_EQ(next().value, 2U);
    EXPECT_FALSE(is_readable());
}

TEST_F(ReceiverOfRealtime, KeepsTheValueThatTheKernelQueues) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = realtime.number();
    const std::uint64_t value = 0xFEDCBA9876543210;
    event.sigev_value.sival_ptr = reinterpret_cast<void*>(value);
    timer_t timer{};
    ASSERT_EQ(::timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    const itimerspec once{{0, 0}, {0, 1}};
    ASSERT_EQ(::timer_settime(timer, 0, &once, nullptr), 0);
    EXPECT_TRUE(is_readable(10'000));
    const ReceivedSignal received = next();
    ::timer_delete(timer);
    EXPECT_EQ(received.code_name(), "SI_TIMER");
    EXPECT_EQ(received.value, value);
}

TEST_F(ReceiverOfRealtime, TrustsTheKernelAboutAChild) {
    test::Child child([](const std::function<void()>&) { return 7; });
    const ReceivedSignal received = next();
    EXPECT_EQ(received.code_name(), "CLD_EXITED");
    EXPECT_EQ(received.sender_pid, child.pid());
    EXPECT_TRUE(received.from_kernel);
    EXPECT_TRUE(received.sender_trusted);
    EXPECT_EQ(received.info.si_status, 7);
    child.wait();
}

TEST_F(ReceiverOfRealtime, TrustsTheSenderOfAPlainSignal) {
    test::Child child([](const std::function<void()>&) -> int {
        const Process parent = Process::open(::getppid()).value();
        return send(parent, realtime) ? 0 : 1;
    });
    ReceivedSignal received = next();
    while (received.signal != realtime) {
        received = next();
    }
    EXPECT_EQ(received.code_name(), "SI_USER");
    EXPECT_EQ(received.sender_pid, child.pid());
    EXPECT_TRUE(received.sender_trusted);
    EXPECT_FALSE(received.from_kernel);
    child.wait();
    while (receiver_.receive(0s).value()) {
    }
}

} // namespace
} // namespace sig2pid
