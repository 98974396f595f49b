// SPDX-License-Identifier: BSD-2-Clause
// The verdict that each standing of the target leads to.
#include "helpers/scoped_calls.hpp"

#include <sig2pid/deliver.hpp>

#include <cerrno>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace sig2pid {
namespace {

const Signal usr1(SIGUSR1);
const Signal realtime(SIGRTMIN + 3);
const SendOptions with_payload{.payload = Payload{1}};
const SendOptions refuse{.default_policy = DefaultPolicy::refuse};

class Foresee : public testing::Test {
protected:
    Foresee() {
        status_.queue_limit = 100;
        status_.threads = 1;
    }

    Verdict verdict(Signal signal, const SendOptions& options = {}) const {
        return foresee(self_, status_, signal, options).verdict;
    }

    Process self_ = Process::open(::getpid()).value();
    SignalStatus status_;
};

TEST_F(Foresee, DeliversToWhoCatches) {
    status_.caught.insert(usr1);
    EXPECT_EQ(verdict(usr1), Verdict::delivered);
    EXPECT_EQ(verdict(usr1, refuse), Verdict::delivered);
}

TEST_F(Foresee, DeliversToWhoBlocks) {
    status_.blocked.insert(usr1);
    const Delivery delivery = foresee(self_, status_, usr1, refuse);
    EXPECT_EQ(delivery.verdict, Verdict::delivered);
    EXPECT_TRUE(delivery.blocked);
}

TEST_F(Foresee, RefusesWhatWouldEndTheTarget) {
    EXPECT_EQ(verdict(usr1, refuse), Verdict::unhandled);
    EXPECT_EQ(verdict(realtime, refuse), Verdict::unhandled);
    EXPECT_EQ(verdict(Signal(SIGSEGV), refuse), Verdict::unhandled);
    EXPECT_EQ(verdict(usr1), Verdict::delivered);
}

TEST_F(Foresee, TakesTermKillAndStopForMeant) {
    for (const int number : {SIGTERM, SIGKILL, SIGSTOP, SIGTSTP, SIGCONT}) {
        EXPECT_EQ(verdict(Signal(number), refuse), Verdict::delivered) << number;
    }
}

TEST_F(Foresee, KnowsWhatIsDiscarded) {
    status_.ignored.insert(usr1);
    EXPECT_EQ(verdict(usr1), Verdict::ignored);
    EXPECT_EQ(verdict(usr1, refuse), Verdict::ignored);
    EXPECT_EQ(verdict(Signal(SIGWINCH)), Verdict::ignored);
    status_.caught.insert(Signal(SIGWINCH));
    EXPECT_EQ(verdict(Signal(SIGWINCH)), Verdict::delivered);
}

TEST_F(Foresee, KeepsAnIgnoredSignalThatIsBlocked) {
    status_.ignored.insert(usr1);
    status_.blocked.insert(usr1);
    EXPECT_EQ(verdict(usr1), Verdict::delivered);
}

TEST_F(Foresee, LetsSigcontThroughToWhoIgnoresIt) {
    status_.ignored.insert(Signal(SIGCONT));
    EXPECT_EQ(verdict(Signal(SIGCONT)), Verdict::delivered);
}

TEST_F(Foresee, KnowsThatKernelThreadsIgnoreAll) {
    status_.ignored = SignalSet::full();
    EXPECT_EQ(verdict(Signal(SIGKILL)), Verdict::ignored);
}

TEST_F(Foresee, KnowsThatAnInitIgnoresWhatItDoesNotCatch) {
    status_.is_namespace_init = true;
    EXPECT_EQ(verdict(Signal(SIGTERM)), Verdict::ignored);
    EXPECT_EQ(verdict(Signal(SIGKILL)), Verdict::ignored);
    status_.caught.insert(Signal(SIGTERM));
    EXPECT_EQ(verdict(Signal(SIGTERM)), Verdict::delivered);
    status_.is_below_us = true;
    EXPECT_EQ(verdict(Signal(SIGKILL)), Verdict::delivered);
    EXPECT_EQ(verdict(usr1), Verdict::ignored);
}

TEST_F(Foresee, CoalescesOnlyStandardSignals) {
    status_.blocked = SignalSet::full();
    status_.shared_pending = SignalSet::full();
    EXPECT_EQ(verdict(usr1), Verdict::coalesced);
    EXPECT_EQ(verdict(usr1, with_payload), Verdict::coalesced);
    EXPECT_EQ(verdict(realtime), Verdict::delivered);
}

TEST_F(Foresee, LooksAtTheQueueThatTheScopeUses) {
    status_.blocked = SignalSet::full();
    status_.thread_pending.insert(usr1);
    EXPECT_EQ(verdict(usr1), Verdict::delivered);
    EXPECT_EQ(verdict(usr1, {.scope = Scope::thread}), Verdict::coalesced);
}

TEST_F(Foresee, SeesTheLossesThatReturnSuccess) {
    status_.blocked = SignalSet::full();
    status_.queued = status_.queue_limit;
    EXPECT_EQ(verdict(usr1), Verdict::delivered);
    EXPECT_EQ(verdict(usr1, with_payload), Verdict::overflow);
    EXPECT_EQ(verdict(realtime), Verdict::delivered);
    EXPECT_EQ(verdict(realtime, with_payload), Verdict::delivered) << "the call itself answers EAGAIN";
    status_.shared_pending.insert(realtime);
    EXPECT_EQ(verdict(realtime), Verdict::overflow);
}

class Deliver : public testing::Test {
protected:
    Result<Delivery> deliver_with(int (*fake)(int, int, const siginfo_t*, unsigned), const SendOptions& options = {}) {
        calls_.table.pidfd_send_signal = fake;
        return deliver(self_, Signal(SIGTERM), options);
    }

    Process self_ = Process::open(::getpid()).value();
    test::ScopedCalls calls_;
};

TEST_F(Deliver, MakesAVerdictOfEachError) {
    EXPECT_EQ(deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -ESRCH; })->verdict,
              Verdict::gone);
    EXPECT_EQ(deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EAGAIN; })->verdict,
              Verdict::overflow);
    EXPECT_EQ(deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EPERM; })->verdict,
              Verdict::denied);
    EXPECT_EQ(deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EACCES; })->verdict,
              Verdict::denied);
    const auto filtered = deliver_with([](int, int, const siginfo_t*, unsigned) { return -ENOSYS; });
    EXPECT_EQ(filtered->verdict, Verdict::denied);
    EXPECT_EQ(filtered->error->reason, Reason::filtered);
    const Result<Delivery> foreign =
        deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EINVAL; });
    EXPECT_EQ(foreign->verdict, Verdict::denied);
    EXPECT_EQ(foreign->error->reason, Reason::foreign_namespace);
}

TEST_F(Deliver, LeavesWhatIsNoVerdictAnError) {
    EXPECT_EQ(
        deliver_with([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -ENOMEM; }).error().code,
        ENOMEM);
    const auto old = deliver_with(
        [](int fd, int, const siginfo_t*, unsigned flags) { return fd < 0 && flags == 0 ? -EBADF : -EINVAL; },
        {.scope = Scope::group});
    EXPECT_EQ(old.error().reason, Reason::unsupported);
}

TEST_F(Deliver, SendsNothingToAZombie) {
    calls_.table.poll = [](int, short, int) -> int { return POLLIN; };
    const auto zombie = deliver_with([](int, int signal, const siginfo_t*, unsigned) {
        EXPECT_EQ(signal, 0);
        return 0;
    });
    EXPECT_EQ(zombie->verdict, Verdict::zombie);
}

TEST_F(Deliver, SendsUnseenWhereProcIsClosedAndSaysSo) {
    calls_.table.openat = [](int, const char*, int) { return -ENOENT; };
    const auto sent = deliver_with([](int, int, const siginfo_t*, unsigned) { return 0; });
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->verdict, Verdict::delivered);
    EXPECT_FALSE(sent->looked);
    EXPECT_EQ(deliver(self_, usr1, refuse).error().code, ENOENT);
}

TEST_F(Deliver, SendsNoSignalToAGroupThatItCannotJudge) {
    calls_.table.openat = [](int, const char*, int) { return -ENOENT; };
    calls_.table.pidfd_send_signal = [](int, int, const siginfo_t*, unsigned) -> int {
        ADD_FAILURE() << "sent";
        return 0;
    };
    const SendOptions options = {.scope = Scope::group, .default_policy = DefaultPolicy::refuse};
    EXPECT_EQ(deliver(self_, usr1, options).error().code, ENOENT);
}

TEST_F(Deliver, SaysThatAPayloadWhichItSendsUnseenMayBeLost) {
    calls_.table.openat = [](int, const char*, int) { return -ENOENT; };
    const auto sent = deliver_with([](int, int, const siginfo_t*, unsigned) { return 0; }, {.payload = Payload{7}});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->verdict, Verdict::delivered);
    ASSERT_TRUE(sent->error);
    EXPECT_NE(sent->error->message().find("payload"), std::string::npos) << sent->error->message();
}

TEST(Verdicts, HaveTheNamesOfTheContract) {
    EXPECT_EQ(to_string(Verdict::delivered), "delivered");
    EXPECT_EQ(to_string(Verdict::limited), "limited");
    EXPECT_EQ(to_string(Verdict::unhandled), "unhandled");
}

} // namespace
} // namespace sig2pid
