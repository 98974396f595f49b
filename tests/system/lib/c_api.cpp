// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/sig2pid.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::test {
namespace {

struct Close {
    void operator()(sig2pid_process* process) const { sig2pid_close(process); }
    void operator()(sig2pid_receiver* receiver) const { sig2pid_receiver_close(receiver); }
};
using Handle = std::unique_ptr<sig2pid_process, Close>;

Handle open(pid_t pid) {
    sig2pid_process* process = nullptr;
    EXPECT_EQ(sig2pid_open(pid, &process), 0) << sig2pid_message();
    return Handle(process);
}

TEST(CApi, OpensByPidTokenAndDescriptor) {
    const Child child(pause_at_defaults);
    const Handle by_pid = open(child.pid());
    char token[64];
    ASSERT_GT(sig2pid_token(by_pid.get(), token, sizeof token), 0);
    EXPECT_EQ(token, child.process().token().to_string());
    sig2pid_process* process = nullptr;
    ASSERT_EQ(sig2pid_open_target(token, &process), 0) << sig2pid_message();
    const Handle by_token(process);
    EXPECT_EQ(sig2pid_pid(by_token.get()), child.pid());
    ASSERT_EQ(sig2pid_open_fd(sig2pid_fd(by_token.get()), &process), 0) << sig2pid_message();
    const Handle by_fd(process);
    EXPECT_NE(sig2pid_fd(by_fd.get()), sig2pid_fd(by_token.get()));
}

TEST(CApi, GivesNegatedErrnosAndAMessage) {
    sig2pid_process* process = nullptr;
    EXPECT_EQ(sig2pid_open(0, &process), -EINVAL);
    EXPECT_NE(std::string(sig2pid_message()), "");
    EXPECT_EQ(sig2pid_open_target("name:", &process), -EINVAL);
    EXPECT_EQ(sig2pid_open_target("user:root", &process), -EINVAL);
    EXPECT_EQ(sig2pid_open_fd(0x7fffffff, &process), -EBADF);
    EXPECT_EQ(process, nullptr);
    const Handle self = open(::getpid());
    char small[4];
    EXPECT_EQ(sig2pid_token(self.get(), small, sizeof small), -ERANGE);
    EXPECT_EQ(sig2pid_send(self.get(), 65), -EINVAL);
    EXPECT_EQ(sig2pid_deliver(self.get(), 0, nullptr, nullptr), -EINVAL);
    std::thread([] { EXPECT_EQ(std::string(sig2pid_message()), ""); }).join();
}

TEST(CApi, SendsWithItsVerdict) {
    Child child(block_all_and_pause);
    const Handle process = open(child.pid());
    const std::uint64_t value = 1;
    int blocked = 0;
    EXPECT_EQ(sig2pid_send(process.get(), 0), 0);
    EXPECT_EQ(sig2pid_deliver(process.get(), SIGUSR1, &value, &blocked), SIG2PID_DELIVERED);
    EXPECT_EQ(blocked, 1);
    EXPECT_EQ(sig2pid_deliver(process.get(), SIGUSR1, nullptr, nullptr), SIG2PID_COALESCED);
    EXPECT_EQ(sig2pid_send(process.get(), SIGKILL), 0);
    child.wait_for_zombie();
    EXPECT_EQ(sig2pid_deliver(process.get(), SIGUSR1, nullptr, nullptr), SIG2PID_ZOMBIE);
    child.wait();
    EXPECT_EQ(sig2pid_deliver(process.get(), SIGUSR1, nullptr, nullptr), SIG2PID_GONE);
    EXPECT_EQ(sig2pid_send(process.get(), SIGUSR1), -ESRCH);
}

TEST(CApi, WaitsAndTellsHowItEnded) {
    const Stranger stranger(pause_at_defaults);
    const Handle process = open(stranger.process().pid());
    sig2pid_exit how{};
    EXPECT_EQ(sig2pid_wait(process.get(), 0, -1, &how), 0);
    const UniqueFd cancel(::eventfd(1, EFD_CLOEXEC));
    EXPECT_EQ(sig2pid_wait(process.get(), -1, cancel.get(), &how), -ECANCELED);
    EXPECT_EQ(sig2pid_wait(process.get(), -1, 1'000'000, &how), -EBADF);
    ASSERT_EQ(sig2pid_send(process.get(), SIGUSR2), 0);
    EXPECT_EQ(sig2pid_wait(process.get(), LLONG_MAX, -1, &how), 1);
    EXPECT_EQ(sig2pid_wait(process.get(), 0, -1, nullptr), 1);
    if (::geteuid() == 0 || kernel_is_at_least(6, 15)) {
        EXPECT_EQ(how.signal, SIGUSR2);
    }
    EXPECT_EQ(how.code, -1);
    EXPECT_EQ(how.core, 0);
}

TEST(CApi, ReceivesAPayloadFromItself) {
    const int signals[] = {SIGRTMIN, SIGRTMIN + 1};
    sig2pid_receiver* opened = nullptr;
    ASSERT_EQ(sig2pid_receiver_open(signals, 2, &opened), 0) << sig2pid_message();
    const std::unique_ptr<sig2pid_receiver, Close> receiver(opened);
    sig2pid_signal got{};
    EXPECT_EQ(sig2pid_receive(receiver.get(), 0, &got), 0);
    ASSERT_EQ(sig2pid_queue(open(::getpid()).get(), SIGRTMIN + 1, ~std::uint64_t{0}), 0);
    EXPECT_EQ(sig2pid_receive(receiver.get(), -1, &got), 1);
    EXPECT_EQ(got.signal, SIGRTMIN + 1);
    EXPECT_EQ(got.code, SI_QUEUE);
    EXPECT_EQ(got.sender_pid, ::getpid());
    EXPECT_EQ(got.from_kernel, 0);
    EXPECT_EQ(got.value, ~std::uint64_t{0});
    EXPECT_GE(sig2pid_receiver_fd(receiver.get()), 0);
}

TEST(CApi, RefusesSignalsThatCannotBeReceived) {
    sig2pid_receiver* receiver = nullptr;
    for (const int signal : {SIGKILL, SIGSTOP, 32, 0, 65}) {
        EXPECT_EQ(sig2pid_receiver_open(&signal, 1, &receiver), -EINVAL) << signal;
    }
    EXPECT_EQ(sig2pid_receiver_open(nullptr, 0, &receiver), -EINVAL);
    sig2pid_receiver_close(nullptr);
    sig2pid_close(nullptr);
}

} // namespace
} // namespace sig2pid::test
