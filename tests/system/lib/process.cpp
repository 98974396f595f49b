// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"

#include <sig2pid/signal_status.hpp>
#include <sig2pid/target.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;

TEST(Process, IsAliveThenAZombieThenGone) {
    Child child(test::pause_at_defaults);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
    ::kill(child.pid(), SIGKILL);
    child.wait_for_zombie();
    EXPECT_EQ(child.process().state(), ProcessState::zombie);
    EXPECT_TRUE(Process::open(child.pid())) << "a zombie can be pinned";
    child.wait();
    EXPECT_EQ(child.process().state(), ProcessState::gone);
    EXPECT_EQ(Process::open(child.pid()).error().reason, Reason::gone);
}

TEST(Process, IsFoundAgainByItsToken) {
    const Child child(test::pause_at_defaults);
    const Token token = child.process().token();
    EXPECT_EQ(Process::from_token(token).value().inode(), child.process().inode());
    Token other = token;
    ++other.inode;
    EXPECT_EQ(Process::from_token(other).error().reason, Reason::gone);
    EXPECT_NE(Process::open(::getpid()).value().inode(), token.inode);
}

TEST(Process, IsTakenFromADescriptorThatStaysTheCallers) {
    const Child child(test::pause_at_defaults);
    {
        const Result<Process> copy = Process::from_fd(child.process().fd());
        ASSERT_TRUE(copy) << copy.error().message();
        EXPECT_EQ(copy->pid(), child.pid());
        EXPECT_EQ(copy->inode(), child.process().inode());
        EXPECT_NE(copy->fd(), child.process().fd());
        EXPECT_EQ(::fcntl(copy->fd(), F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(child.process().state(), ProcessState::alive);
    const Target target = Target::parse("fd:" + std::to_string(child.process().fd())).value();
    EXPECT_EQ(resolve(target).value().pid(), child.pid());
}

TEST(Process, RefusesDescriptorsThatAreNoPidfd) {
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(Process::from_fd(file.get()).error().reason, Reason::not_a_pidfd);
    const UniqueFd directory(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(Process::from_fd(directory.get()).error().reason, Reason::not_a_pidfd);
    EXPECT_EQ(Process::from_fd(1'000'000).error().reason, Reason::not_a_pidfd);
    EXPECT_EQ(Process::from_fd(-1).error().reason, Reason::not_a_pidfd);
}

TEST(Process, RefusesThePidfdOfAReapedProcess) {
    Child child(test::pause_at_defaults);
    const Process pin = child.process().duplicate().value();
    ::kill(child.pid(), SIGKILL);
    child.wait();
    EXPECT_EQ(Process::from_fd(pin.fd()).error().reason, Reason::gone);
    EXPECT_EQ(signal_status(pin).error().reason, Reason::gone);
    EXPECT_EQ(name(pin).error().reason, Reason::gone);
    EXPECT_EQ(pin.start_time().error().reason, Reason::gone);
}

TEST(Process, RefusesAThreadsIdAndNamesItsProcess) {
    std::promise<pid_t> id;
    std::promise<void> end;
    std::thread thread([&] {
        id.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
        end.get_future().wait();
    });
    const Result<Process> opened = Process::open(id.get_future().get());
    end.set_value();
    thread.join();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason, Reason::not_a_leader);
    EXPECT_NE(opened.error().context.find(std::to_string(::getpid())), std::string::npos);
}

/// The main thread ends, another one goes on: not a zombie, whatever /proc/PID/stat says.
int end_the_main_thread(const std::function<void()>& ready) {
    std::thread([ready] {
        const std::string own = "/proc/self/task/" + std::to_string(::getpid()) + "/stat";
        for (bool ended = false; !ended;) {
            const UniqueFd fd(::open(own.c_str(), O_RDONLY | O_CLOEXEC));
            char text[512] = {};
            const ssize_t count = ::read(fd.get(), text, sizeof text - 1);
            ended = count > 0 && std::string_view(text).find(") Z") != std::string_view::npos;
        }
        ready();
        ::pause();
    }).detach();
    ::syscall(SYS_exit, 0);
    return 1;
}

TEST(Process, IsAliveWhenOnlyItsMainThreadHasEnded) {
    const Child child(end_the_main_thread);
    EXPECT_EQ(signal_status(child.process()).value().state, 'Z');
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(Process, GivesItsNameWhateverIsInIt) {
    const Child child([](const std::function<void()>& ready) {
        ::prctl(PR_SET_NAME, "a) R\n\x01\xff");
        return test::pause_at_defaults(ready);
    });
    EXPECT_EQ(name(child.process()), "a) R\n\x01\xff");
    EXPECT_GT(child.process().start_time().value(), 0U);
    EXPECT_TRUE(signal_status(child.process()));
}

TEST(SignalStatus, ShowsWhatTheProcessSet) {
    const Child child([](const std::function<void()>& ready) {
        ::signal(SIGUSR1, SIG_IGN);
        ::signal(SIGUSR2, [](int) {});
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, 64);
        ::sigprocmask(SIG_SETMASK, &set, nullptr);
        return test::pause_at_defaults(ready);
    });
    const SignalStatus status = signal_status(child.process()).value();
    EXPECT_TRUE(status.ignored.contains(Signal(SIGUSR1)));
    EXPECT_TRUE(status.caught.contains(Signal(SIGUSR2)));
    EXPECT_EQ(status.blocked, SignalSet{Signal(64)});
    EXPECT_EQ(status.real_uid, ::getuid());
    EXPECT_EQ(status.threads, 1U);
    EXPECT_FALSE(status.is_queue_full());
    EXPECT_FALSE(status.is_namespace_init);
}

TEST(StatusReader, ShowsItsOwnProcessOnly) {
    Child child(test::block_all_and_pause);
    const StatusReader reader = StatusReader::open(child.process()).value();
    EXPECT_FALSE(reader.read().value().shared_pending.contains(Signal(SIGUSR1)));
    ::kill(child.pid(), SIGUSR1);
    EXPECT_TRUE(reader.read().value().shared_pending.contains(Signal(SIGUSR1)));
    ::kill(child.pid(), SIGKILL);
    child.wait();
    EXPECT_EQ(reader.read().error().reason, Reason::gone);
}

} // namespace
} // namespace sig2pid
