// SPDX-License-Identifier: BSD-2-Clause
// What Process makes of a kernel that refuses, or is old.
#include "helpers/scoped_calls.hpp"

#include <sig2pid/process.hpp>

#include <cerrno>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace sig2pid {
namespace {

class ProcessOpen : public testing::Test {
protected:
    Error error_of(int (*fake)(pid_t, unsigned)) {
        calls_.table.pidfd_open = fake;
        return Process::open(::getpid()).error();
    }

    test::ScopedCalls calls_;
};

TEST_F(ProcessOpen, TellsWhyItFails) {
    EXPECT_EQ(error_of([](pid_t, unsigned) { return -ESRCH; }).reason, Reason::gone);
    EXPECT_EQ(error_of([](pid_t, unsigned) { return -ENOSYS; }).reason, Reason::unsupported);
    EXPECT_EQ(error_of([](pid_t, unsigned) { return -EPERM; }).reason, Reason::filtered);
    EXPECT_EQ(error_of([](pid_t, unsigned) { return -EMFILE; }).code, EMFILE);
}

TEST_F(ProcessOpen, TakesEinvalOfAProcessForItsExit) {
    const Error error = error_of([](pid_t, unsigned) { return -EINVAL; });
    EXPECT_EQ(error.code, ESRCH);
    EXPECT_EQ(error.reason, Reason::gone);
}

TEST_F(ProcessOpen, RefusesNumbersThatAreNoProcess) {
    EXPECT_EQ(Process::open(0).error().reason, Reason::bad_input);
    EXPECT_EQ(Process::open(-1).error().reason, Reason::bad_input);
}

/// Before 6.9 a pidfd is an anonymous inode, the same for all.
void make_old(test::ScopedCalls& calls) {
    calls.table.fstatfs = [](int, struct statfs& out) {
        out = {};
        out.f_type = 0x09041934;
        return 0;
    };
    calls.table.fstat = [](int, struct stat& out) {
        out = {};
        out.st_dev = 14;
        out.st_ino = 1;
        return 0;
    };
    calls.table.pidfd_get_info = [](int, sys::PidfdInfo&) { return -ENOTTY; };
}

TEST_F(ProcessOpen, IdentifiesByStartTimeBeforePidfs) {
    make_old(calls_);
    const Result<Process> self = Process::open(::getpid());
    ASSERT_TRUE(self) << self.error().message();
    EXPECT_EQ(self->inode(), self->start_time());
    EXPECT_TRUE(Process::from_token(self->token()));
    Token other = self->token();
    ++other.inode;
    EXPECT_EQ(Process::from_token(other).error().reason, Reason::gone);
}

TEST_F(ProcessOpen, FindsThePidOfADescriptorWithoutGetInfo) {
    make_old(calls_);
    const Result<Process> self = Process::open(::getpid());
    ASSERT_TRUE(self);
    const Result<Process> again = Process::from_fd(self->fd());
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->pid(), ::getpid());
}

TEST_F(ProcessOpen, RefusesATokenOfAnotherBoot) {
    Token token = Process::open(::getpid()).value().token();
    token.boot = token.boot.value_or(0) ^ 1U;
    EXPECT_EQ(Process::from_token(token).error().reason, Reason::gone);
}

TEST_F(ProcessOpen, RefusesADescriptorOfAThreadOrAnotherNamespace) {
    const Process self = Process::open(::getpid()).value();
    calls_.table.pidfd_get_info = [](int, sys::PidfdInfo& info) {
        info.mask = sys::info_pid;
        info.pid = 12;
        info.tgid = 11;
        return 0;
    };
    EXPECT_EQ(Process::from_fd(self.fd()).error().reason, Reason::not_a_leader);
    calls_.table.pidfd_get_info = [](int, sys::PidfdInfo& info) {
        info.mask = sys::info_pid;
        info.pid = 0;
        return 0;
    };
    EXPECT_EQ(Process::from_fd(self.fd()).error().reason, Reason::foreign_namespace);
    calls_.table.pidfd_get_info = [](int, sys::PidfdInfo&) { return -ESRCH; };
    EXPECT_EQ(Process::from_fd(self.fd()).error().reason, Reason::gone);
}

TEST(ProcessState, IsGoneWhenPollSaysHangup) {
    const Process self = Process::open(::getpid()).value();
    test::ScopedCalls calls;
    calls.table.poll = [](int, short, int) { return POLLIN | POLLHUP; };
    EXPECT_EQ(self.state(), ProcessState::gone);
}

TEST(ProcessState, AsksAProbeWhereOldKernelsGiveNoHangup) {
    test::ScopedCalls calls;
    make_old(calls);
    const Process self = Process::open(::getpid()).value();
    calls.table.poll = [](int, short, int) -> int { return POLLIN; };
    calls.table.pidfd_send_signal = [](int, int, const siginfo_t*, unsigned) { return -ESRCH; };
    EXPECT_EQ(self.state(), ProcessState::gone);
    calls.table.pidfd_send_signal = [](int, int, const siginfo_t*, unsigned) { return -EPERM; };
    EXPECT_EQ(self.state(), ProcessState::zombie);
}

TEST(ProcessState, IsZombieWithoutAProbeWherePidfdsHaveTheirOwnFileSystem) {
    const Process self = Process::open(::getpid()).value();
    if (Result<std::uint64_t> started = self.start_time(); self.inode() == started.value_or(0)) {
        GTEST_SKIP() << "pidfds have an inode of their own from Linux 6.9 on";
    }
    test::ScopedCalls calls;
    calls.table.poll = [](int, short, int) -> int { return POLLIN; };
    calls.table.pidfd_send_signal = [](int, int, const siginfo_t*, unsigned) {
        ADD_FAILURE() << "a probe is not needed";
        return -ESRCH;
    };
    EXPECT_EQ(self.state(), ProcessState::zombie);
}

TEST(ProcessSpawn, PassesTheErrorOfCloneOn) {
    test::ScopedCalls calls;
    calls.table.clone_pidfd = [](int&) -> pid_t { return -EAGAIN; };
    const std::vector<std::string> argv = {"true"};
    EXPECT_EQ(Process::spawn(argv).error().code, EAGAIN);
}

TEST(ProcessFiles, GrowUntilTheWholeRecordFits) {
    test::ScopedCalls calls;
    calls.table.pread = [](int, std::span<char> buffer, off_t offset) -> ssize_t {
        EXPECT_EQ(offset, 0);
        const std::size_t size = std::min<std::size_t>(buffer.size(), 100'000);
        std::fill_n(buffer.begin(), size, 'x');
        return static_cast<ssize_t>(size);
    };
    const Process self = Process::open(::getpid()).value();
    EXPECT_EQ(name(self).value().size(), 100'000U);
    calls.table.pread = [](int, std::span<char> buffer, off_t) { return static_cast<ssize_t>(buffer.size()); };
    EXPECT_EQ(name(self).error().code, EFBIG);
}

} // namespace
} // namespace sig2pid
