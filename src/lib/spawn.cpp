// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/process.hpp>

#include "lib/syscalls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace sig2pid {
namespace {

/// Keeps every signal from the caller's thread, so that none meets the caller's handlers inside the child.
class BlockAll {
public:
    BlockAll() noexcept { sys::calls().rt_sigprocmask(SIG_SETMASK, SignalSet::full().mask(), &saved_); }
    ~BlockAll() { sys::calls().rt_sigprocmask(SIG_SETMASK, saved_, nullptr); }
    BlockAll(const BlockAll&) = delete;
    BlockAll& operator=(const BlockAll&) = delete;

private:
    std::uint64_t saved_ = 0;
};

/// The child's way to execve(2). Only async-signal-safe calls: the parent may have threads that hold locks.
[[noreturn]] void run_child(char* const* argv, std::uint64_t blocked, int report) {
    sys::kernel_calls().rt_sigprocmask(SIG_SETMASK, blocked, nullptr);
    ::execvp(argv[0], argv);
    const int code = errno;
    static_cast<void>(::write(report, &code, sizeof code));
    ::_exit(127);
}

/// Waits for the child to execute its program or to say why it cannot: 0, or an errno.
int wait_for_exec(int report) {
    int code = 0;
    ssize_t count = 0;
    do {
        count = ::read(report, &code, sizeof code);
    } while (count < 0 && errno == EINTR);
    return count == static_cast<ssize_t>(sizeof code) ? code : 0;
}

void reap(pid_t child) {
    siginfo_t info{};
    while (sys::calls().waitid(P_PID, static_cast<id_t>(child), info, WEXITED) == -EINTR) {
    }
}

std::vector<char*> pointers(std::vector<std::string>& arguments) {
    std::vector<char*> result;
    result.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) {
        result.push_back(argument.data());
    }
    result.push_back(nullptr);
    return result;
}

struct Child {
    pid_t pid = 0;
    UniqueFd pidfd;
};

Result<Child> clone_child(char* const* argv, std::uint64_t blocked, int report) {
    const BlockAll quiet;
    int pidfd = -1;
    const pid_t pid = sys::calls().clone_pidfd(pidfd);
    if (pid == 0) {
        run_child(argv, blocked, report);
    }
    if (pid < 0) {
        return failure(-pid, "clone3", std::string("cannot start a child: ") + std::strerror(-pid));
    }
    return Child{pid, UniqueFd(pidfd)};
}

} // namespace

Result<Process> Process::spawn(std::span<const std::string> argv, const SpawnOptions& options) {
    if (argv.empty() || argv.front().empty()) {
        return failure(EINVAL, "spawn", "no program to run", Reason::bad_input);
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
        return failure(errno, "pipe2");
    }
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    std::vector<std::string> arguments(argv.begin(), argv.end());
    Result<Child> child = clone_child(pointers(arguments).data(), options.blocked.mask(), writer.get());
    if (!child) {
        return forward_error(child);
    }
    writer = UniqueFd();
    if (const int code = wait_for_exec(reader.get()); code != 0) {
        reap(child->pid);
        return failure(code, "execve", "cannot run " + argv.front() + ": " + std::strerror(code));
    }
    return identify(std::move(child->pidfd), child->pid);
}

} // namespace sig2pid
