// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/terminal.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace sig2pid::test {
namespace {

[[noreturn]] void execute(const std::vector<std::string>& argv) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    ::_exit(127);
}

} // namespace

Terminal::Terminal(const std::vector<std::string>& argv) {
    int master = -1;
    pid_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
        execute(argv);
    }
    EXPECT_GT(pid_, 0) << "no pseudo terminal";
    master_ = UniqueFd(master);
}

Terminal::~Terminal() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

/// False at the end, and after ten seconds.
bool Terminal::read_some() {
    pollfd entry{master_.get(), POLLIN, 0};
    if (::poll(&entry, 1, 10'000) != 1) {
        return false;
    }
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(master_.get(), buffer.data(), buffer.size());
    text_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return size > 0; // EIO: the other end is closed
}

bool Terminal::shows(std::string_view text) {
    while (!text_.contains(text)) {
        if (!read_some()) {
            return false;
        }
    }
    return true;
}

void Terminal::type(std::string_view text) const {
    EXPECT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

int Terminal::finish() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace sig2pid::test
