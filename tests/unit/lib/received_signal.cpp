// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/receiver.hpp>

#include <cstring>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

siginfo_t make_info(int signal, int code) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = code;
    return info;
}

siginfo_t make_queued(int signal, int code, std::uint64_t value) {
    siginfo_t info = make_info(signal, code);
    info.si_pid = 42;
    info.si_uid = 1000;
    std::memcpy(&info.si_value, &value, sizeof value);
    return info;
}

TEST(ReceivedSignal, KeepsAll64BitsOfAQueuedValue) {
    const auto received = ReceivedSignal::decode(make_queued(SIGUSR1, SI_QUEUE, 0xFEDCBA9876543210));
    EXPECT_EQ(received.value, 0xFEDCBA9876543210U);
    EXPECT_EQ(received.code_name(), "SI_QUEUE");
    EXPECT_EQ(received.sender_pid, 42);
    EXPECT_EQ(received.sender_uid, 1000U);
    EXPECT_FALSE(received.sender_trusted);
    EXPECT_FALSE(received.from_kernel);
}

TEST(ReceivedSignal, TrustsWhatTheKernelFillsIn) {
    EXPECT_TRUE(ReceivedSignal::decode(make_queued(SIGUSR1, SI_USER, 0)).sender_trusted);
    EXPECT_TRUE(ReceivedSignal::decode(make_queued(SIGUSR1, SI_TKILL, 0)).sender_trusted);
    for (const int code : std::initializer_list<int>{SI_QUEUE, SI_TIMER, SI_MESGQ, SI_ASYNCIO, SI_SIGIO, -77}) {
        EXPECT_FALSE(ReceivedSignal::decode(make_queued(SIGUSR1, code, 0)).sender_trusted) << code;
    }
}

TEST(ReceivedSignal, ReadsTheValueOfTheKernelsOwn) {
    siginfo_t info = make_queued(SIGUSR1, SI_KERNEL, 7);
    const auto received = ReceivedSignal::decode(info);
    EXPECT_TRUE(received.from_kernel);
    EXPECT_EQ(received.value, 7U);
    EXPECT_EQ(received.sender_pid, 0);
    EXPECT_EQ(received.code_name(), "SI_KERNEL");
}

TEST(ReceivedSignal, HasNoValueWhereTheLayoutHasNone) {
    EXPECT_EQ(ReceivedSignal::decode(make_queued(SIGUSR1, SI_USER, 7)).value, 0U);
    EXPECT_EQ(ReceivedSignal::decode(make_queued(SIGCHLD, CLD_EXITED, 7)).value, 0U);
    EXPECT_EQ(ReceivedSignal::decode(make_queued(SIGIO, SI_SIGIO, 7)).value, 0U);
    EXPECT_EQ(ReceivedSignal::decode(make_queued(SIGUSR1, -77, 7)).value, 7U);
}

TEST(ReceivedSignal, NamesCodesBySignal) {
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGCHLD, 1)).code_name(), "CLD_EXITED");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGSEGV, 1)).code_name(), "SEGV_MAPERR");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGBUS, 1)).code_name(), "BUS_ADRALN");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGFPE, 1)).code_name(), "FPE_INTDIV");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGILL, 1)).code_name(), "ILL_ILLOPC");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGTRAP, 1)).code_name(), "TRAP_BRKPT");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGIO, 1)).code_name(), "POLL_IN");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGSYS, 1)).code_name(), "SYS_SECCOMP");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGUSR1, 1)).code_name(), "1");
    EXPECT_EQ(ReceivedSignal::decode(make_info(SIGUSR1, -77)).code_name(), "-77");
}

TEST(ReceivedSignal, GivesTheChildAsSenderOfSigchld) {
    siginfo_t info = make_info(SIGCHLD, CLD_KILLED);
    info.si_pid = 77;
    info.si_status = SIGKILL;
    const auto received = ReceivedSignal::decode(info);
    EXPECT_EQ(received.sender_pid, 77);
    EXPECT_TRUE(received.from_kernel);
    EXPECT_EQ(received.info.si_status, SIGKILL);
}

TEST(ReceivedSignal, TakesNoAddressForASender) {
    siginfo_t info = make_info(SIGSEGV, SEGV_MAPERR);
    info.si_addr = &info;
    EXPECT_EQ(ReceivedSignal::decode(info).sender_pid, 0);
}

} // namespace
} // namespace sig2pid
