// SPDX-License-Identifier: BSD-2-Clause
// Signals that another program receives and reports, as sigwaitinfo(2) gave them.
#include "helpers/child.hpp"
#include "helpers/command.hpp"

#include <sig2pid/send.hpp>
#include <sig2pid/signal_status.hpp>

#include <cerrno>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;
using test::Command;
using test::Outcome;

class Send : public testing::Test {
protected:
    Send() { EXPECT_EQ(receiver_.read_out_line(), "ready"); }

    std::string ours() const { return std::to_string(::getpid()) + " " + std::to_string(::getuid()); }

    Command receiver_{{SIGNAL_TO_STATUS}};
    Process target_ = Process::open(receiver_.pid()).value();
};

TEST_F(Send, HasTheFieldsOfKill) {
    ASSERT_TRUE(send(target_, Signal(SIGUSR2)));
    const Outcome outcome = receiver_.finish();
    EXPECT_EQ(outcome.status, SIGUSR2);
    EXPECT_EQ(outcome.out, "12 0 " + ours() + " 0\n");
}

TEST_F(Send, CarriesA64BitPayload) {
    ASSERT_TRUE(queue(target_, Signal(SIGRTMIN + 3), Payload{0xFEDCBA9876543210}));
    const Outcome outcome = receiver_.finish();
    EXPECT_EQ(outcome.status, SIGRTMIN + 3);
    EXPECT_EQ(outcome.out, "37 -1 " + ours() + " 18364758544493064720\n");
}

TEST_F(Send, ProbesWithoutSending) {
    EXPECT_TRUE(probe(target_));
    ASSERT_TRUE(send(target_, Signal(SIGUSR1)));
    EXPECT_EQ(receiver_.finish().status, SIGUSR1);
    EXPECT_EQ(probe(target_).error().reason, Reason::gone);
}

TEST_F(Send, RefusesTheKernelsCodes) {
    siginfo_t info{};
    info.si_signo = SIGUSR1;
    info.si_code = SI_KERNEL;
    EXPECT_EQ(send_info(target_, info).error().reason, Reason::forbidden_code);
    info.si_code = SI_MESGQ;
    EXPECT_TRUE(send_info(target_, info));
    EXPECT_EQ(receiver_.finish().status, SIGUSR1);
}

TEST_F(Send, TellsAnInvalidSignal) {
    siginfo_t info{};
    info.si_signo = 65;
    info.si_code = SI_QUEUE;
    EXPECT_EQ(send_info(target_, info).error().reason, Reason::invalid_signal);
}

TEST(SendScope, ReachesTheMainThreadAlone) {
    const Child child(test::block_all_and_pause);
    const Result<> sent = send(child.process(), Signal(SIGUSR1), Scope::thread);
    if (!sent && sent.error().reason == Reason::unsupported) {
        GTEST_SKIP() << sent.error().message();
    }
    ASSERT_TRUE(sent) << sent.error().message();
    const SignalStatus status = signal_status(child.process()).value();
    EXPECT_TRUE(status.thread_pending.contains(Signal(SIGUSR1)));
    EXPECT_FALSE(status.shared_pending.contains(Signal(SIGUSR1)));
}

TEST(SendScope, ReachesEveryProcessOfTheGroup) {
    const auto lead = [](const std::function<void()>& ready) {
        ::setpgid(0, 0);
        return test::pause_at_defaults(ready);
    };
    Child leader(lead);
    Child member([&leader](const std::function<void()>& ready) {
        ::setpgid(0, leader.pid());
        return test::pause_at_defaults(ready);
    });
    const Result<> sent = send(leader.process(), Signal(SIGTERM), Scope::group);
    if (!sent && sent.error().reason == Reason::unsupported) {
        GTEST_SKIP() << sent.error().message();
    }
    ASSERT_TRUE(sent) << sent.error().message();
    EXPECT_EQ(leader.wait(), 128 + SIGTERM);
    EXPECT_EQ(member.wait(), 128 + SIGTERM);
}

TEST(SendScope, FindsNoGroupOfAProcessThatLeadsNone) {
    const Child child(test::pause_at_defaults);
    const Result<> sent = send(child.process(), Signal(SIGTERM), Scope::group);
    ASSERT_FALSE(sent);
    if (sent.error().reason == Reason::unsupported) {
        GTEST_SKIP() << sent.error().message();
    }
    EXPECT_EQ(sent.error().code, ESRCH);
    EXPECT_EQ(sent.error().reason, Reason::bad_input) << "it is there";
    EXPECT_EQ(probe(child.process(), Scope::group).error().reason, Reason::bad_input);
    EXPECT_TRUE(probe(child.process()));
}

TEST(SendScope, OfAGroupWhoseLeaderIsReapedIsGone) {
    Child child(test::pause_at_defaults);
    ASSERT_TRUE(send(child.process(), Signal(SIGKILL)));
    child.wait();
    EXPECT_NE(send(child.process(), Signal(SIGTERM), Scope::group).error().reason, Reason::bad_input);
}

} // namespace
} // namespace sig2pid
