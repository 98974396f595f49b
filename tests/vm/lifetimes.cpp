// SPDX-License-Identifier: BSD-2-Clause
// Loading and unloading while others use the module.
#include "helpers/child.hpp"
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <list>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

/// Opens and writes, whatever comes of it.
void write_once() {
    const std::string self = std::to_string(::getpid());
    static_cast<void>(request(self + " 0\n" + self + " 0 1\n"));
}

/// Subscribes and leaves, whatever comes of it.
void subscribe_once() {
    const UniqueFd device = open_device(O_NONBLOCK);
    if (device && subscribe(device.get(), "irq-work", 0) == 0) {
        sig2pid_event event{};
        static_cast<void>(::read(device.get(), &event, sizeof(event)));
    }
}

/// A body that does something some times for each time that `start` is written to, until it is killed.
Child::Body traffic(int start, void (*something)()) {
    return [=](const auto& ready) -> int {
        ready();
        for (eventfd_t value = 0; eventfd_read(start, &value) == 0;) {
            for (int i = 0; i < 5; i++) {
                something();
            }
        }
        return 1;
    };
}

/// Until nobody has the device open.
void unload_at_last(const std::string& name) {
    int error = unload(name);
    while (error == EWOULDBLOCK) {
        error = unload(name);
    }
    ASSERT_EQ(error, 0) << name;
}

TEST(Lifetime, AThousandLoadsAndUnloadsWithTraffic) {
    const UniqueFd start_writer(::eventfd(0, EFD_CLOEXEC));
    const UniqueFd start_subscriber(::eventfd(0, EFD_CLOEXEC));
    const Child writer(traffic(start_writer.get(), write_once));
    const Child subscriber(traffic(start_subscriber.get(), subscribe_once));
    for (int i = 0; i < 1000; i++) {
        ASSERT_EQ(load("sig2pid"), 0) << i;
        eventfd_write(start_writer.get(), 1);
        eventfd_write(start_subscriber.get(), 1);
        if (i % 10 == 0) {
            ASSERT_EQ(load("sig2pid_irq_work"), 0) << i;
            ASSERT_EQ(raise(i), 0);
            unload_at_last("sig2pid_irq_work");
        }
        unload_at_last("sig2pid");
    }
}

TEST(Lifetime, AWritersDescriptorGivesEioAfterTheUnload) {
    ASSERT_EQ(load("sig2pid"), 0);
    const UniqueFd fd = open_requests();
    const std::string probe = std::to_string(::getpid()) + " 0\n";
    EXPECT_EQ(write_to(fd.get(), probe).error, 0);
    ASSERT_EQ(unload("sig2pid"), 0);
    EXPECT_EQ(write_to(fd.get(), probe).error, EIO);
    EXPECT_EQ(request(probe), EBADF);
    const Loaded again("sig2pid");
    EXPECT_EQ(write_to(fd.get(), probe).error, EIO);
}

TEST(Lifetime, TheModuleStaysWhileADescriptorOfTheDeviceIsOpen) {
    ASSERT_EQ(load("sig2pid"), 0);
    Child subscriber([](const auto& ready) -> int {
        const UniqueFd device = open_device();
        return test::pause_at_defaults(ready);
    });
    EXPECT_EQ(unload("sig2pid"), EWOULDBLOCK);
    ASSERT_EQ(::kill(subscriber.pid(), SIGKILL), 0);
    subscriber.wait();
    EXPECT_EQ(unload("sig2pid"), 0);
}

TEST(Lifetime, TheModuleStaysWhileAnotherModuleUsesIt) {
    ASSERT_EQ(load("sig2pid"), 0);
    ASSERT_EQ(load("sig2pid_irq_work"), 0);
    EXPECT_EQ(unload("sig2pid"), EWOULDBLOCK);
    EXPECT_EQ(unload("sig2pid_irq_work"), 0);
    EXPECT_EQ(unload("sig2pid"), 0);
}

TEST(Lifetime, AChannelsModuleGoesWhileSubscribersAreSignalled) {
    const Loaded module("sig2pid");
    std::list<Child> subscribers;
    ASSERT_EQ(load("sig2pid_irq_work"), 0);
    for (int i = 0; i < 8; i++) {
        subscribers.emplace_back([](const auto& ready) -> int {
            Receiver receiver = Receiver::make({Signal(realtime)}).value();
            const UniqueFd device = open_device();
            if (subscribe(device.get(), "irq-work", realtime) != 0) {
                return 1;
            }
            ready();
            sig2pid_event event{};
            while (::read(device.get(), &event, sizeof(event)) > 0) {
            }
            std::uint64_t signals = 0;
            while (!is_quiet(receiver)) {
                signals++;
            }
            const sig2pid_status status = status_of(device.get());
            return status.signals == signals && status.events == signals + status.overflowed ? 0 : 2;
        });
    }
    for (int i = 0; i < 1000; i++) {
        ASSERT_EQ(raise(i), 0);
    }
    EXPECT_EQ(unload("sig2pid_irq_work"), 0);
    for (Child& subscriber : subscribers) {
        EXPECT_EQ(subscriber.wait(), 0);
    }
}

} // namespace
} // namespace sig2pid::vm
