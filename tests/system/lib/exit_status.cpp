// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/exit_status.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::test {
namespace {

int exit_with_7(const std::function<void()>& /*ready*/) {
    return 7;
}

int exit_with_0(const std::function<void()>& /*ready*/) {
    return 0;
}

TEST(ExitStatus, OfALiveProcessIsAnError) {
    const Child child(pause_at_defaults);
    EXPECT_EQ(exit_status(child.process()).error().code, EBUSY);
}

TEST(ExitStatus, OfAChildIsKnownAndLeavesItToBeReaped) {
    Child child(exit_with_7);
    child.wait_for_zombie();
    EXPECT_EQ(exit_status(child.process()).value().code, 7);
    EXPECT_EQ(child.wait(), 7);
}

TEST(ExitStatus, NamesTheSignalThatKilled) {
    const Child child(pause_at_defaults);
    ASSERT_TRUE(send(child.process(), Signal(SIGUSR1)));
    child.wait_for_zombie();
    const ExitStatus status = exit_status(child.process()).value();
    EXPECT_EQ(status.signal, Signal(SIGUSR1));
    EXPECT_FALSE(status.code);
    EXPECT_FALSE(status.core);
    EXPECT_EQ(status.to_string(), "killed by SIGUSR1");
}

/// Dies of SIGQUIT where a core may be written, up to so many bytes.
int die_of_quit(rlim_t core_size) {
    const std::string directory = std::filesystem::temp_directory_path() / "sig2pid-core-XXXXXX";
    std::string path = directory;
    if (::mkdtemp(path.data()) == nullptr || ::chdir(path.c_str()) != 0) {
        return 1;
    }
    const rlimit limit{core_size, core_size};
    ::setrlimit(RLIMIT_CORE, &limit);
    ::raise(SIGQUIT);
    return 2;
}

void remove_cores() {
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
        if (entry.path().filename().string().starts_with("sig2pid-core-")) {
            std::filesystem::remove_all(entry.path());
        }
    }
}

TEST(ExitStatus, TellsACoreDumpFromNone) {
    for (const rlim_t size : {rlim_t{0}, rlim_t{1} << 30}) {
        Child child([size](const auto&) { return die_of_quit(size); });
        child.wait_for_zombie();
        siginfo_t truth{};
        ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &truth, WEXITED | WNOWAIT), 0);
        const ExitStatus status = exit_status(child.process()).value();
        EXPECT_EQ(status.signal, Signal(SIGQUIT));
        EXPECT_EQ(status.core, truth.si_code == CLD_DUMPED);
        EXPECT_TRUE(size > 0 || !status.core);
        child.wait();
        if (kernel_is_at_least(6, 15)) {
            EXPECT_EQ(exit_status(child.process()).value(), status) << "after the reaping";
        }
    }
    remove_cores();
}

TEST(ExitStatus, OfAStrangersZombieIsReadFromProc) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root, which may read everyone's";
    }
    const Stranger seven(exit_with_7);
    const Stranger none(exit_with_0);
    wait_for_exit(seven.process());
    wait_for_exit(none.process());
    EXPECT_EQ(exit_status(seven.process()).value().code, 7);
    EXPECT_EQ(exit_status(none.process()).value().code, 0);
}

TEST(ExitStatus, OfAReapedStrangerIsToldByTheKernel) {
    if (!kernel_is_at_least(6, 15)) {
        GTEST_SKIP() << "PIDFD_INFO_EXIT needs Linux 6.15";
    }
    Stranger stranger(exit_with_7);
    stranger.reap();
    EXPECT_EQ(exit_status(stranger.process()).value().code, 7);
    Stranger killed(pause_at_defaults);
    ASSERT_TRUE(send(killed.process(), Signal(SIGKILL)));
    killed.reap();
    EXPECT_EQ(exit_status(killed.process()).value().signal, Signal(SIGKILL));
}

/// 0 when a user without rights gets no status for the zombie, rather than the 0 that /proc shows to strangers.
int expect_unknown(const Process& zombie) {
    const Result<ExitStatus> status = exit_status(Process::from_fd(zombie.fd()).value());
    return status && !status->known() ? 0 : 1;
}

TEST(ExitStatus, IsNotInventedForThoseWhoMayNotKnow) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const Stranger seven(exit_with_7);
    const Stranger none(exit_with_0);
    wait_for_exit(seven.process());
    wait_for_exit(none.process());
    EXPECT_EQ(run_as_nobody([&] { return expect_unknown(seven.process()); }), 0);
    EXPECT_EQ(run_as_nobody([&] { return expect_unknown(none.process()); }), 0);
    EXPECT_EQ(ExitStatus{}.to_string(), "ended, the kernel does not say how");
}

/// The main thread ends first, with a code of its own.
int outlive_main_thread(const std::function<void()>& ready) {
    std::thread([&] {
        ready();
        ::syscall(SYS_exit_group, 3);
    }).detach();
    ::syscall(SYS_exit, 5);
    return 0;
}

TEST(ExitStatus, IsTheProcesssAndNotThatOfItsMainThread) {
    const Child child(outlive_main_thread);
    child.wait_for_zombie();
    EXPECT_EQ(exit_status(child.process()).value().code, 3);
}

TEST(ExitStatus, OfAWaitStatusThatIsNoEndIsUnknown) {
    EXPECT_EQ(ExitStatus::from_wait_status(7 << 8).code, 7);
    EXPECT_EQ(ExitStatus::from_wait_status(SIGSEGV | 0x80).to_string(), "killed by SIGSEGV, core dumped");
    EXPECT_FALSE(ExitStatus::from_wait_status(0x7f | (SIGSTOP << 8)).known());
}

} // namespace
} // namespace sig2pid::test
