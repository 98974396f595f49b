// SPDX-License-Identifier: BSD-2-Clause
// Where a signal with a value goes, and what becomes of it.
#include "helpers/child.hpp"
#include "module.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

class ModulePayload : public Module {};

/// Blocks `signal` in this thread too and waits for it: its value, or nothing after `patience`.
std::optional<int> wait_here(int signal, std::chrono::milliseconds patience) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    const timespec limit{patience.count() / 1000, patience.count() % 1000 * 1'000'000};
    siginfo_t info{};
    return ::sigtimedwait(&set, &info, &limit) == signal ? std::optional(info.si_value.sival_int) : std::nullopt;
}

std::atomic<int> handled = 0;
std::atomic<pid_t> handled_by = 0;

void keep_value(int, siginfo_t* info, void*) {
    handled_by = ::gettid();
    handled = info->si_value.sival_int;
}

void handle(int signal) {
    struct sigaction action{};
    action.sa_sigaction = keep_value;
    action.sa_flags = SA_SIGINFO;
    sigfillset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

TEST_F(ModulePayload, GoesToTheThreadThatDoesNotBlockTheSignal) {
    handle(realtime);
    const UniqueFd ready(::eventfd(0, EFD_CLOEXEC));
    const UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
    pid_t other = 0;
    std::thread open([&] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, realtime);
        ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        other = ::gettid();
        eventfd_write(ready.get(), 1);
        eventfd_t value = 0;
        while (eventfd_read(stop.get(), &value) != 0) { // EINTR: the handler ran
        }
    });
    EXPECT_TRUE(await_input(ready.get()));
    EXPECT_EQ(request(::getpid(), realtime, 7), 0);
    eventfd_write(stop.get(), 1);
    open.join();
    EXPECT_EQ(handled, 7);
    EXPECT_EQ(handled_by, other);
    ::signal(realtime, SIG_DFL);
}

TEST_F(ModulePayload, GoesToTheThreadThatWaitsInSigwait) {
    std::optional<int> got;
    pid_t waiting = 0;
    const UniqueFd ready(::eventfd(0, EFD_CLOEXEC));
    std::thread thread([&] {
        waiting = ::gettid();
        eventfd_write(ready.get(), 1);
        got = wait_here(realtime, std::chrono::seconds(10));
    });
    EXPECT_TRUE(await_input(ready.get()));
    const std::string path = "/proc/self/task/" + std::to_string(waiting) + "/syscall";
    for (std::string call; call != "128";) { // rt_sigtimedwait: from then on the thread takes the signal
        std::ifstream(path) >> call;
    }
    EXPECT_EQ(request(::getpid(), realtime, 8), 0);
    thread.join();
    EXPECT_EQ(got, 8);
}

TEST_F(ModulePayload, WaitsInTheNamedThreadWhereAllBlockTheSignal) {
    EXPECT_EQ(request(::getpid(), realtime, 9), 0);
    std::optional<int> in_other_thread = 0;
    std::thread([&] { in_other_thread = wait_here(realtime, std::chrono::milliseconds(0)); }).join();
    EXPECT_EQ(in_other_thread, std::nullopt);
    EXPECT_EQ(wait_here(realtime, std::chrono::milliseconds(0)), 9);

    const UniqueFd ready(::eventfd(0, EFD_CLOEXEC));
    const UniqueFd sent(::eventfd(0, EFD_CLOEXEC));
    pid_t named = 0;
    std::optional<int> in_named_thread;
    std::thread thread([&] {
        named = ::gettid();
        eventfd_write(ready.get(), 1);
        EXPECT_TRUE(await_input(sent.get()));
        in_named_thread = wait_here(realtime, std::chrono::milliseconds(0));
    });
    EXPECT_TRUE(await_input(ready.get()));
    EXPECT_EQ(request(named, realtime, 10), 0);
    eventfd_write(sent.get(), 1);
    thread.join();
    EXPECT_EQ(in_named_thread, 10);
}

TEST_F(ModulePayload, ReachesAProcessWhoseMainThreadHasEnded) {
    Child child([](const auto& ready) -> int {
        sigset_t set;
        sigfillset(&set);
        ::sigprocmask(SIG_SETMASK, &set, nullptr);
        std::thread([&] {
            ready();
            ::_exit(wait_here(realtime, std::chrono::seconds(10)).value_or(99));
        }).detach();
        ::syscall(SYS_exit, 0); // this thread alone
        return 98;
    });
    for (std::string state; state != "Z";) { // of the main thread, which ends after the other says it is ready
        std::ifstream stat("/proc/" + std::to_string(child.pid()) + "/stat");
        std::string skip;
        stat >> skip >> skip >> state;
    }
    EXPECT_EQ(request(child.pid(), realtime, 11), 0);
    EXPECT_EQ(child.wait(), 11);
}

TEST_F(ModulePayload, ToAZombieIsRefused) {
    Child child([](const auto&) { return 0; });
    child.wait_for_zombie();
    EXPECT_EQ(request(child.pid(), SIGUSR1), 0); // as kill(2)
    EXPECT_EQ(request(child.pid(), SIGUSR1, 1), ESRCH);
    const pid_t pid = child.pid();
    child.wait();
    EXPECT_EQ(request(pid, SIGUSR1, 1), ESRCH);
}

TEST_F(ModulePayload, ToAKernelThreadIsRefused) {
    EXPECT_EQ(request(2, SIGUSR1, 1), EPERM);
}

TEST_F(ModulePayload, OfTheSecondStandardSignalIsRefusedAndTheFirstStands) {
    EXPECT_EQ(request(::getpid(), SIGUSR1, 1), 0);
    EXPECT_EQ(request(::getpid(), SIGUSR1, 2), EALREADY);
    EXPECT_EQ(next(receiver_).value, 1U);
    EXPECT_TRUE(is_quiet(receiver_));
}

TEST_F(ModulePayload, IsNotLostInAFullQueue) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_SIGPENDING, &before), 0);
    const rlimit few{2, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &few), 0);
    while (request(::getpid(), realtime, 3) == 0) {
    }
    EXPECT_EQ(request(::getpid(), realtime, 3), EAGAIN);
    EXPECT_EQ(request(::getpid(), SIGUSR1, 4), EAGAIN); // the kernel would say 0 and drop the value
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &before), 0);
    while (!is_quiet(receiver_)) {
    }
    EXPECT_EQ(request(::getpid(), SIGUSR1, 4), 0);
    EXPECT_EQ(next(receiver_).value, 4U);
}

TEST_F(ModulePayload, EndsAProcessThatHasTheDefaultAction) {
    Child child(test::pause_at_defaults);
    EXPECT_EQ(request(child.pid(), SIGTERM, 1), 0);
    EXPECT_EQ(child.wait(), 128 + SIGTERM);
    Child other(test::block_all_and_pause);
    EXPECT_EQ(request(other.pid(), SIGKILL, 1), 0);
    EXPECT_EQ(other.wait(), 128 + SIGKILL);
}

} // namespace
} // namespace sig2pid::vm
