// SPDX-License-Identifier: BSD-2-Clause
// Every meaning of every errno of pidfd_send_signal(2), answered by a fake kernel.
#include "helpers/scoped_calls.hpp"

#include <sig2pid/send.hpp>

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using SendSignal = int (*)(int, int, const siginfo_t*, unsigned);

class SendFailure : public testing::Test {
protected:
    /// The reason given when the kernel answers as `fake` does.
    Reason reason(SendSignal fake, Scope scope = Scope::process) {
        calls_.table.pidfd_send_signal = fake;
        const Result<> sent = send(self_, Signal(SIGUSR1), scope);
        EXPECT_FALSE(sent);
        EXPECT_NE(sent.error().context.find("process " + std::to_string(::getpid())), std::string::npos);
        return sent.error().reason;
    }

    Process self_ = Process::open(::getpid()).value();
    test::ScopedCalls calls_;
};

TEST_F(SendFailure, TellsADescriptorThatIsNoPidfd) {
    EXPECT_EQ(reason([](int, int, const siginfo_t*, unsigned flags) { return flags == ~0U ? -EINVAL : -EBADF; }),
              Reason::not_a_pidfd);
}

TEST_F(SendFailure, TellsANamespaceThatIsNotBelowOurs) {
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EINVAL; }),
              Reason::foreign_namespace);
}

TEST_F(SendFailure, TellsAnOldKernelFromANamespace) {
    const SendSignal before_6_9 = [](int fd, int, const siginfo_t*, unsigned flags) {
        return flags != 0 ? -EINVAL : (fd < 0 ? -EBADF : 0);
    };
    EXPECT_EQ(reason(before_6_9, Scope::thread), Reason::unsupported);
    EXPECT_EQ(reason(before_6_9, Scope::group), Reason::unsupported);
    const SendSignal since_6_9 = [](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EINVAL; };
    EXPECT_EQ(reason(since_6_9, Scope::thread), Reason::foreign_namespace);
}

TEST_F(SendFailure, TellsPermissionFromSeccomp) {
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EPERM; }),
              Reason::no_permission);
    EXPECT_EQ(reason([](int, int, const siginfo_t*, unsigned) { return -EPERM; }), Reason::filtered);
    EXPECT_EQ(reason([](int, int, const siginfo_t*, unsigned) { return -ENOSYS; }), Reason::filtered)
        << "who has a pidfd has a kernel with the call";
    EXPECT_EQ(reason([](int, int, const siginfo_t*, unsigned) { return -EACCES; }), Reason::filtered);
    EXPECT_EQ(reason([](int, int, const siginfo_t*, unsigned) { return -EBADF; }), Reason::filtered);
}

TEST_F(SendFailure, PassesASecurityModulesErrorOn) {
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EACCES; }),
              Reason::no_permission);
}

TEST_F(SendFailure, TellsAForbiddenCode) {
    calls_.table.pidfd_send_signal = [](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EPERM; };
    siginfo_t info{};
    info.si_signo = SIGUSR1;
    for (const int code : std::initializer_list<int>{SI_USER, SI_KERNEL, SI_TKILL}) {
        info.si_code = code;
        EXPECT_EQ(send_info(self_, info).error().reason, Reason::forbidden_code);
    }
    info.si_code = SI_QUEUE;
    EXPECT_EQ(send_info(self_, info).error().reason, Reason::no_permission);
}

TEST_F(SendFailure, TellsAnInvalidSignal) {
    calls_.table.pidfd_send_signal = [](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EINVAL; };
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_signo = 65;
    EXPECT_EQ(send_info(self_, info).error().reason, Reason::invalid_signal);
    info.si_signo = -1;
    EXPECT_EQ(send_info(self_, info).error().reason, Reason::invalid_signal);
}

TEST_F(SendFailure, TellsGoneFromFull) {
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -ESRCH; }), Reason::gone);
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -EAGAIN; }),
              Reason::queue_full);
}

TEST_F(SendFailure, KeepsAnUnknownErrno) {
    EXPECT_EQ(reason([](int fd, int, const siginfo_t*, unsigned) { return fd < 0 ? -EBADF : -ENOMEM; }),
              Reason::unspecified);
    EXPECT_EQ(send(self_, Signal(SIGUSR1)).error().code, ENOMEM);
}

TEST_F(SendFailure, SendsOnlyFlagsThatTheScopeNeeds) {
    static unsigned seen = 99;
    calls_.table.pidfd_send_signal = [](int, int, const siginfo_t*, unsigned flags) {
        seen = flags;
        return 0;
    };
    EXPECT_TRUE(send(self_, Signal(SIGUSR1)));
    EXPECT_EQ(seen, 0U);
    EXPECT_TRUE(send(self_, Signal(SIGUSR1), Scope::thread));
    EXPECT_EQ(seen, 1U);
    EXPECT_TRUE(send(self_, Signal(SIGUSR1), Scope::group));
    EXPECT_EQ(seen, 4U);
}

TEST(Payload, KeepsAnIntWhereTheReceiverLooks) {
    siginfo_t info{};
    const Payload payload = Payload::from_int(-7);
    std::memcpy(&info.si_value, &payload.bits, sizeof payload.bits);
    EXPECT_EQ(info.si_value.sival_int, -7);
    int object = 0;
    const Payload pointer = Payload::from_pointer(&object);
    std::memcpy(&info.si_value, &pointer.bits, sizeof pointer.bits);
    EXPECT_EQ(info.si_value.sival_ptr, &object);
}

} // namespace
} // namespace sig2pid
