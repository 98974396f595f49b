// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"

#include "helpers/patience.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

[[noreturn]] void run(const Child::Body& body, UniqueFd writer) {
    int status = 99;
    try {
        status = body([&writer] { writer = UniqueFd(); });
    } catch (const std::exception& thrown) {
        std::fprintf(stderr, "a child of the test threw: %s\n", thrown.what());
        status = 98;
    } catch (...) {
        status = 98;
    }
    ::_exit(status);
}

void wait_until_closed(int fd) {
    char byte = 0;
    while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
}

} // namespace

Child::Child(const Body& body) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
        reader = UniqueFd();
        run(body, std::move(writer));
    }
    writer = UniqueFd();
    wait_until_closed(reader.get());
    Result<Process> opened = Process::open(pid);
    EXPECT_TRUE(opened) << opened.error().message();
    process_.emplace(std::move(opened).value());
}

Child::~Child() {
    if (!reaped_) {
        ::syscall(SYS_pidfd_send_signal, process_->fd(), SIGKILL, nullptr, 0);
        wait();
    }
}

int Child::wait() {
    int status = 0;
    while (::waitpid(pid(), &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::wait_for_zombie() const {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid()), &info, WEXITED | WNOWAIT), 0);
}

int block_all_and_pause(const std::function<void()>& ready) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ready();
    for (;;) {
        ::pause();
    }
}

int block_all_with_full_queue(const std::function<void()>& ready) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    return block_all_and_pause(ready);
}

int pause_at_defaults(const std::function<void()>& ready) {
    ready();
    for (;;) {
        ::pause();
    }
}

int ignore_term_and_pause(const std::function<void()>& ready) {
    ::signal(SIGTERM, SIG_IGN);
    return pause_at_defaults(ready);
}

void wait_for_exit(const Process& process) {
    pollfd entry{process.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, patience_ms), 1);
}

} // namespace sig2pid::test
