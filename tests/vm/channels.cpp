// SPDX-License-Identifier: BSD-2-Clause
// Events of other modules: the samples stand for them.
#include "helpers/child.hpp"
#include "helpers/command.hpp"
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

constexpr const char* irq_channel = "irq-work";

class Channels : public Module {
protected:
    Loaded sample_{"sig2pid_irq_work"};
};

TEST_F(Channels, AnEventOfHardInterruptContextArrivesWithItsValue) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
    for (const std::int64_t value : {std::int64_t{42}, std::int64_t{-1}, INT64_MIN}) {
        ASSERT_EQ(raise(value), 0);
        const ReceivedSignal got = next(receiver_);
        EXPECT_EQ(got.value, static_cast<std::uint64_t>(value));
        EXPECT_EQ(got.code, SI_KERNEL);
        EXPECT_TRUE(got.from_kernel);
    }
    EXPECT_EQ(status_of(device.get()).signals, 3U);
}

TEST_F(Channels, EachEventIsARecordToRead) {
    const UniqueFd device = open_device(O_NONBLOCK);
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    EXPECT_TRUE(read_events(device.get()).empty());
    ASSERT_EQ(raise(1), 0);
    ASSERT_EQ(raise(-2), 0);
    EXPECT_TRUE(await_input(device.get()));
    const auto events = read_events(device.get());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].sequence, 1U);
    EXPECT_EQ(events[0].value, 1);
    EXPECT_EQ(events[1].sequence, 2U);
    EXPECT_EQ(events[1].value, -2);
    EXPECT_GT(events[1].time, events[0].time);
    EXPECT_TRUE(is_quiet(receiver_));
}

TEST_F(Channels, AReaderIsWokenByTheEvent) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    sig2pid_event event{};
    std::thread reader(
        [&] { EXPECT_EQ(::read(device.get(), &event, sizeof(event)), static_cast<ssize_t>(sizeof(event))); });
    EXPECT_EQ(raise(5), 0);
    reader.join();
    EXPECT_EQ(event.value, 5);
}

TEST_F(Channels, WhatNobodyReadsIsCounted) {
    const UniqueFd device = open_device(O_NONBLOCK);
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    for (int i = 0; i < 600; i++) {
        ASSERT_EQ(raise(i), 0);
    }
    const auto events = read_events(device.get());
    EXPECT_EQ(status_of(device.get()).events, 600U);
    EXPECT_EQ(events.size(), 512U);
    EXPECT_EQ(events.size() + status_of(device.get()).records_lost, 600U);
    ASSERT_EQ(raise(600), 0);
    EXPECT_EQ(read_events(device.get()).at(0).sequence, 601U); // the gap shows
}

TEST_F(Channels, WhatTheQueueOfSignalsCannotTakeIsCounted) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_SIGPENDING, &before), 0);
    const rlimit few{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &few), 0);
    for (int i = 0; i < 10; i++) {
        ASSERT_EQ(raise(i), 0);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &before), 0);
    const sig2pid_status status = status_of(device.get());
    EXPECT_GT(status.overflowed, 0U);
    EXPECT_EQ(status.signals + status.overflowed, 10U);
    for (std::uint64_t i = 0; i < status.signals; i++) {
        next(receiver_);
    }
    EXPECT_TRUE(is_quiet(receiver_));
}

TEST_F(Channels, AStandardSignalThatIsPendingIsCounted) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, SIGUSR1), 0);
    ASSERT_EQ(raise(1), 0);
    ASSERT_EQ(raise(2), 0);
    EXPECT_EQ(status_of(device.get()).signals, 1U);
    EXPECT_EQ(status_of(device.get()).coalesced, 1U);
    EXPECT_EQ(next(receiver_).value, 1U);
}

TEST_F(Channels, AllSubscribersAreTold) {
    const UniqueFd first = open_device();
    const UniqueFd second = open_device();
    ASSERT_EQ(subscribe(first.get(), irq_channel, realtime), 0);
    ASSERT_EQ(subscribe(second.get(), irq_channel, realtime + 1), 0);
    ASSERT_EQ(raise(6), 0);
    EXPECT_EQ(next(receiver_).signal, Signal(realtime));
    EXPECT_EQ(next(receiver_).signal, Signal(realtime + 1));
}

TEST_F(Channels, ASubscriptionEndsWithItsDescriptor) {
    UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
    device = UniqueFd();
    ASSERT_EQ(raise(7), 0);
    EXPECT_TRUE(is_quiet(receiver_));
}

/// Forks a process that holds `device` and, once `go` can be read, writes to `report` how often it was refused; by then
/// it holds it no longer, so that the module can be unloaded.
void leave_an_heir(int device, int go, int report) {
    if (::fork() == 0) {
        EXPECT_TRUE(await_input(go));
        const std::string refused = std::to_string(status_of(device).refused);
        ::close(device);
        ::_exit(write_to(report, refused).error);
    }
}

TEST_F(Channels, ASubscriptionEndsWithItsProcessThoughAnotherHoldsTheDescriptor) {
    const UniqueFd go(::eventfd(0, EFD_CLOEXEC));
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    Child child([&](const auto& ready) -> int {
        ready(); // or the heir would hold what the parent waits for
        const UniqueFd device = open_device();
        const int error = subscribe(device.get(), irq_channel, SIGKILL);
        leave_an_heir(device.get(), go.get(), writer.get());
        return error;
    });
    ASSERT_EQ(child.wait(), 0);
    EXPECT_EQ(raise(9), 0);
    eventfd_write(go.get(), 1);
    char refused = 0;
    ASSERT_TRUE(await_input(reader.get()));
    EXPECT_EQ(::read(reader.get(), &refused, 1), 1);
    EXPECT_EQ(refused, '1');
}

TEST_F(Channels, BadSubscriptionsAreRefused) {
    const UniqueFd device = open_device();
    EXPECT_EQ(subscribe(device.get(), "no-such-channel", realtime), ENOENT);
    EXPECT_EQ(subscribe(device.get(), "", realtime), ENOENT);
    EXPECT_EQ(subscribe(device.get(), std::string(SIG2PID_NAME_SIZE, 'x'), realtime), EINVAL);
    EXPECT_EQ(subscribe(device.get(), irq_channel, 65), EINVAL);
    EXPECT_EQ(subscribe(device.get(), irq_channel, UINT32_MAX), EINVAL);
    EXPECT_EQ(subscribe(device.get(), irq_channel, realtime, 1), EINVAL);
    EXPECT_EQ(::ioctl(device.get(), SIG2PID_SUBSCRIBE, nullptr), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_EQ(::ioctl(device.get(), 0x1234, nullptr), -1);
    EXPECT_EQ(errno, ENOTTY);
    EXPECT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
    EXPECT_EQ(subscribe(device.get(), irq_channel, realtime), EBUSY);
}

TEST_F(Channels, WithoutASubscriptionThereIsNothingToRead) {
    const UniqueFd device = open_device();
    sig2pid_event event{};
    EXPECT_EQ(::read(device.get(), &event, sizeof(event)), -1);
    EXPECT_EQ(errno, ENOTCONN);
    sig2pid_status status{};
    EXPECT_EQ(::ioctl(device.get(), SIG2PID_STATUS, &status), -1);
    EXPECT_EQ(errno, ENOTCONN);
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    EXPECT_EQ(::read(device.get(), &event, sizeof(event) - 1), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_F(Channels, OnlyTheOpenerMaySubscribe) {
    const UniqueFd device = open_device();
    Child child([&](const auto&) { return subscribe(device.get(), irq_channel, realtime); });
    EXPECT_EQ(child.wait(), EPERM);
    EXPECT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
}

TEST_F(Channels, AProcessThatBecameAnotherUserIsNotSignalled) {
    Child child([&](const auto&) -> int {
        if (::syscall(SYS_setresuid, 1000, 1000, 0) != 0) {
            return 1;
        }
        const UniqueFd device = open_device();
        if (subscribe(device.get(), irq_channel, realtime) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0 ||
            raise(1) != 0) {
            return 2;
        }
        return status_of(device.get()).refused == 1 ? 0 : 3;
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST_F(Channels, AProcessWhoseOtherThreadCalledExecIsStillSignalled) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, 0), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    Child child([&](const auto&) -> int {
        const int device = ::open("/dev/sig2pid", O_RDONLY); // survives the exec
        if (subscribe(device, irq_channel, realtime) != 0) {
            return 1;
        }
        ::dup2(writer.get(), STDOUT_FILENO);
        std::thread([] { ::execl(SIGNAL_TO_STATUS, "signal_to_status", nullptr); }).join();
        return 2;
    });
    writer = UniqueFd();
    char byte = 0;
    while (byte != '\n' && ::read(reader.get(), &byte, 1) == 1) { // "ready"
    }
    EXPECT_EQ(raise(12), 0);
    EXPECT_EQ(child.wait(), realtime);
}

TEST_F(Channels, AWithdrawnChannelIsTheEndOfTheFileAfterTheLastRecord) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, realtime), 0);
    ASSERT_EQ(raise(13), 0);
    next(receiver_);
    ASSERT_EQ(unload("sig2pid_irq_work"), 0);
    pollfd entry{device.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 0), 1);
    EXPECT_EQ(entry.revents, POLLIN | POLLHUP);
    sig2pid_event event{};
    EXPECT_EQ(::read(device.get(), &event, sizeof(event)), static_cast<ssize_t>(sizeof(event)));
    EXPECT_EQ(::read(device.get(), &event, sizeof(event)), 0);
    EXPECT_EQ(load("sig2pid_irq_work"), 0);
    EXPECT_EQ(subscribe(device.get(), irq_channel, realtime), EBUSY); // one subscription a descriptor
}

TEST_F(Channels, AWithdrawalWakesWhoReads) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    ssize_t got = -1;
    std::thread reader([&] {
        sig2pid_event event{};
        got = ::read(device.get(), &event, sizeof(event));
    });
    EXPECT_EQ(unload("sig2pid_irq_work"), 0);
    reader.join();
    EXPECT_EQ(got, 0);
    EXPECT_EQ(load("sig2pid_irq_work"), 0);
}

TEST_F(Channels, AreShownToRoot) {
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, 0), 0);
    ASSERT_EQ(raise(1), 0);
    const test::Outcome shown = test::run({"grep", "^channel ", "/proc/sig2pid"});
    EXPECT_EQ(shown.out, "channel irq-work subscribers 1 raised 1\n");
}

class Notify : public Module {};

TEST_F(Notify, FromHardInterruptContextArrivesWithItsValue) {
    const Loaded sample("sig2pid_irq_work", "pid=" + std::to_string(::getpid()));
    ASSERT_EQ(raise(77), 0);
    const ReceivedSignal got = next(receiver_);
    EXPECT_EQ(got.signal, Signal(realtime));
    EXPECT_EQ(got.value, 77U);
    EXPECT_EQ(got.code, SI_KERNEL);
}

TEST_F(Notify, FromProcessContextArrivesWithItsValueAtProcessAndSubscriber) {
    const Loaded sample("sig2pid_irq_work", "directly=1 pid=" + std::to_string(::getpid()));
    const UniqueFd device = open_device();
    ASSERT_EQ(subscribe(device.get(), irq_channel, realtime + 1), 0);
    ASSERT_EQ(raise(78), 0);
    for (const int number : {realtime, realtime + 1}) {
        const ReceivedSignal got = next(receiver_);
        EXPECT_EQ(got.signal, Signal(number));
        EXPECT_EQ(got.value, 78U);
        EXPECT_EQ(got.code, SI_KERNEL);
    }
}

TEST_F(Notify, FromATimerArrivesWithItsValue) {
    const Loaded sample("sig2pid_timer", "pid=" + std::to_string(::getpid()) + " period_ms=10");
    for (const unsigned value : {1U, 2U, 3U}) {
        EXPECT_EQ(next(receiver_).value, value);
    }
}

TEST_F(Notify, SaysWhatIsWrong) {
    Child child(test::block_all_and_pause);
    const Loaded sample("sig2pid_irq_work", "sig=10 pid=" + std::to_string(child.pid()));
    EXPECT_EQ(raise(1), 0);
    EXPECT_EQ(raise(2), EALREADY);
    ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
    child.wait();
    EXPECT_EQ(raise(3), ESRCH);
    EXPECT_EQ(load("sig2pid_timer", "pid=4194303"), ESRCH);
}

TEST_F(Notify, RefusesASignalThatIsNone) {
    for (const char* number : {"0", "65", "-1"}) {
        const Loaded sample("sig2pid_irq_work", std::string("sig=") + number + " pid=" + std::to_string(::getpid()));
        EXPECT_EQ(raise(1), EINVAL) << number;
    }
}

} // namespace
} // namespace sig2pid::vm
