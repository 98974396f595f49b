// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/stranger.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace sig2pid::test {
namespace {

constexpr uid_t nobody = 65534;

void open_pipe(UniqueFd& reader, UniqueFd& writer) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
}

} // namespace

Stranger::Stranger(const Child::Body& body) {
    open_pipe(go_reader_, go_);
    open_pipe(pid_, pid_writer_);
    parent_.emplace([&](const auto& ready) {
        go_ = UniqueFd(); // or the end of the test would not be the end of the pipe
        Child stranger([&](const auto& stranger_ready) {
            ready(); // closes this process's copy of what the test waits on
            return body(stranger_ready);
        });
        const pid_t pid = stranger.pid();
        if (::write(pid_writer_.get(), &pid, sizeof pid) != sizeof pid) {
            return 1;
        }
        ready();
        char byte = 0;
        if (::read(go_reader_.get(), &byte, 1) == 1) {
            stranger.wait();
        }
        ::pause();
        return 0;
    });
    pid_t pid = 0;
    EXPECT_EQ(::read(pid_.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    process_.emplace(Process::open(pid).value());
}

Stranger::~Stranger() {
    ::syscall(SYS_pidfd_send_signal, process_->fd(), SIGKILL, nullptr, 0);
    reap();
}

void Stranger::let_parent_reap() {
    EXPECT_EQ(::write(go_.get(), "", 1), 1);
}

void Stranger::reap() {
    let_parent_reap();
    while (process_->state() != ProcessState::gone) { // poll(2) tells of it from Linux 6.9 on
        ::sched_yield();
    }
}

int run_as_nobody(const std::function<int()>& body) {
    return Child([&](const auto&) {
               if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
                   ::setresuid(nobody, nobody, nobody) != 0) {
                   return 97;
               }
               return body();
           })
        .wait();
}

bool kernel_is_at_least(int major, int minor) {
    utsname names{};
    ::uname(&names);
    char* rest = nullptr;
    const long have_major = std::strtol(names.release, &rest, 10);
    const long have_minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return std::pair<long, long>(have_major, have_minor) >= std::pair<long, long>(major, minor);
}

} // namespace sig2pid::test
