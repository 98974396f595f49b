// SPDX-License-Identifier: BSD-2-Clause
#include "lib/proc.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid::proc {
namespace {

constexpr std::string_view stat_tail = " S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 10\n";

TEST(ProcStat, ReadsNameStateAndStart) {
    const std::string text = "42 (sh)" + std::string(stat_tail);
    const Result<Stat> stat = parse_stat(text);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->pid, 42);
    EXPECT_EQ(stat->comm, "sh");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->start_time, 123456U);
}

TEST(ProcStat, IsNotFooledByTheName) {
    const std::string text = "42 (a) R 1 (b\n) Z)" + std::string(stat_tail);
    const Result<Stat> stat = parse_stat(text);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->comm, "a) R 1 (b\n) Z");
    EXPECT_EQ(stat->start_time, 123456U);
}

TEST(ProcStat, RefusesCutText) {
    const std::string whole = "42 (sh)" + std::string(stat_tail);
    const std::size_t enough = whole.find("123456") + 1;
    for (std::size_t size = 0; size < enough; ++size) {
        EXPECT_FALSE(parse_stat(whole.substr(0, size))) << size;
    }
    EXPECT_EQ(parse_stat("").error().code, EBADMSG);
}

std::string status_text() {
    return "Name:\tevil\\nSigCgt:\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nNgid:\t0\nPid:\t42\n"
           "PPid:\t1\nUid:\t1000\t1001\t1002\t1003\nGroups:\t1 2 3\nNStgid:\t42\t7\nNSpid:\t42\t1\nThreads:\t3\n"
           "SigQ:\t5/100\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000000002\nSigBlk:\t8000000000000000\n"
           "SigIgn:\tffffffffffffffff\nSigCgt:\t0000000100000000\nCapInh:\t0\n";
}

TEST(ProcStatus, ReadsWhatConcernsSignals) {
    const Result<Status> status = parse_status(status_text());
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(status->pid, 42);
    EXPECT_EQ(status->tgid, 42);
    const SignalStatus& signals = status->signals;
    EXPECT_EQ(signals.state, 'S');
    EXPECT_EQ(signals.real_uid, 1000U);
    EXPECT_EQ(signals.effective_uid, 1001U);
    EXPECT_EQ(signals.saved_uid, 1002U);
    EXPECT_EQ(signals.threads, 3U);
    EXPECT_EQ(signals.queued, 5U);
    EXPECT_EQ(signals.queue_limit, 100U);
    EXPECT_TRUE(signals.thread_pending.contains(Signal(1)));
    EXPECT_TRUE(signals.shared_pending.contains(Signal(2)));
    EXPECT_TRUE(signals.blocked.contains(Signal(64)));
    EXPECT_EQ(signals.ignored, SignalSet::full());
    EXPECT_EQ(signals.caught, SignalSet{Signal(33)});
    EXPECT_TRUE(signals.is_namespace_init);
    EXPECT_TRUE(signals.is_below_us);
}

TEST(ProcStatus, RefusesCutText) {
    const std::string whole = status_text();
    const std::size_t enough = whole.find("SigCgt:\t") + 9;
    for (std::size_t size = 0; size < enough; ++size) {
        const Result<Status> status = parse_status(whole.substr(0, size));
        ASSERT_FALSE(status) << size;
        EXPECT_EQ(status.error().code, EBADMSG);
    }
}

TEST(ProcStatus, RefusesNumbersThatDoNotFit) {
    for (const char* field : {"SigQ:\t5/100", "SigBlk:\t8000000000000000", "Tgid:\t42", "Threads:\t3"}) {
        std::string text = status_text();
        const std::size_t start = text.find(field);
        text.replace(start, text.find('\n', start) - start, std::string(field) + "00000000000000000000");
        EXPECT_FALSE(parse_status(text)) << field;
    }
}

TEST(ProcFdInfo, ReadsThePid) {
    EXPECT_EQ(parse_fdinfo("pos:\t0\nflags:\t02\nPid:\t17\nNSpid:\t17\n").value().pid, 17);
    EXPECT_EQ(parse_fdinfo("pos:\t0\nPid:\t-1\n").value().pid, -1);
}

TEST(ProcFdInfo, SaysWhenItIsNoPidfd) {
    for (const char* text : {"", "pos:\t0\nflags:\t02\n", "Pid:\tx\n", "NSPid:\t1\n"}) {
        EXPECT_EQ(parse_fdinfo(text).error().reason, Reason::not_a_pidfd) << text;
    }
}

TEST(ProcSyscall, ReadsTheCallOfASleepingThread) {
    const auto call = parse_syscall("128 0x7ffc00000010 0x0 0x0 0x8 0x0 0x0 0x7ffc00000000 0x7f0000000000\n");
    ASSERT_TRUE(call);
    EXPECT_EQ(call->number, 128);
    EXPECT_EQ(call->first_argument, 0x7FFC00000010U);
    for (const char* text :
         {"", "running\n", "-1 0x7ffc", "128", "128 x", "128 0x", "128 7", "128 0xfffffffffffffffff"}) {
        const auto other = parse_syscall(text);
        EXPECT_TRUE(!other || other->number == -1) << text;
    }
}

TEST(ProcBootId, IsTheFirstEightDigits) {
    EXPECT_EQ(parse_boot_id("deadbeef-0000-4000-8000-000000000000\n"), 0xDEADBEEFU);
    EXPECT_EQ(parse_boot_id("deadbee"), std::nullopt);
    EXPECT_EQ(parse_boot_id("deadbee-"), std::nullopt);
}

} // namespace
} // namespace sig2pid::proc
