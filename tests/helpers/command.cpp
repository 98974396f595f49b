// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/command.hpp"

#include "helpers/patience.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Pipe make_pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

[[noreturn]] void execute(const std::vector<std::string>& argv, int out, int err) {
    std::vector<char*> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string& argument : argv) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
}

/// Reads what is there; false at the end of the stream or when patience ends.
bool read_some(int fd, std::string& into) {
    pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, patience_ms) <= 0) {
        return false;
    }
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return count > 0;
}

} // namespace

Command::Command(const std::vector<std::string>& argv) {
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
        execute(argv, out.writer.get(), err.writer.get());
    }
    out_ = std::move(out.reader);
    err_ = std::move(err.reader);
}

Command::~Command() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL); // our own child, not waited for: the PID is still its own
        ::waitpid(pid_, nullptr, 0);
    }
}

std::string Command::read_line(int fd, std::string& rest) {
    while (rest.find('\n') == std::string::npos && read_some(fd, rest)) {
    }
    const std::size_t end = rest.find('\n');
    std::string line = rest.substr(0, end);
    rest.erase(0, end == std::string::npos ? end : end + 1);
    return line;
}

Outcome Command::finish() {
    // Standard error is short here: it fits the pipe while standard output is read.
    while (read_some(out_.get(), out_rest_)) {
    }
    while (read_some(err_.get(), err_rest_)) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::exchange(out_rest_, {}),
            std::exchange(err_rest_, {})};
}

Outcome run(const std::vector<std::string>& argv) {
    return Command(argv).finish();
}

} // namespace sig2pid::test
