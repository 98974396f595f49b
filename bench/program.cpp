// SPDX-License-Identifier: BSD-2-Clause
#include "bench/program.hpp"

#include "bench/measure.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

constexpr int patience_ms = 10'000;

/// Standard input from nowhere; output and errors to `output`, or to nowhere when that is negative.
class FileActions {
public:
    explicit FileActions(int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
            output >= 0 ? posix_spawn_file_actions_adddup2(&actions_, output, fd)
                        : posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_WRONLY, 0);
        }
    }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

private:
    posix_spawn_file_actions_t actions_ = {};
};

pid_t spawn(const std::vector<std::string>& words, const FileActions& actions) {
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str())); // posix_spawn(3) does not write to it
    }
    arguments.push_back(nullptr);
    pid_t pid = -1;
    errno = posix_spawn(&pid, arguments[0], actions.get(), nullptr, arguments.data(), environ);
    if (errno != 0) {
        fail(words[0]);
    }
    return pid;
}

/// posix_spawn(3) cannot change the user; the child of a fork of this small program soon runs another.
pid_t start_as(const std::vector<std::string>& words, uid_t user) {
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str())); // execv(3) does not write to it
    }
    arguments.push_back(nullptr);
    const pid_t pid = fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        const int nowhere = open("/dev/null", O_RDWR);
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            dup2(nowhere, fd);
        }
        if (setresuid(user, user, user) == 0) {
            execv(arguments[0], arguments.data());
        }
        _exit(127);
    }
    return pid;
}

int reap(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace

Program::Program(const std::vector<std::string>& words) {
    std::array<int, 2> ends = {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        fail("pipe2");
    }
    output_ = ends[0];
    pid_ = spawn(words, FileActions(ends[1]));
    close(ends[1]);
}

Program::~Program() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        reap(pid_);
    }
    close(output_);
}

bool Program::read_more(int timeout_ms) {
    pollfd entry = {output_, POLLIN, 0};
    std::array<char, 4096> chunk = {};
    const ssize_t got = poll(&entry, 1, timeout_ms) == 1 ? read(output_, chunk.data(), chunk.size()) : 0;
    printed_.append(chunk.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    return got > 0;
}

void Program::wait_for(std::string_view text) {
    while (printed_.find(text) == std::string::npos) {
        if (!read_more(patience_ms)) {
            throw std::runtime_error("no '" + std::string(text) + "' from a program that said: " + printed_);
        }
    }
}

std::string Program::interrupt() {
    kill(pid_, SIGINT);
    while (read_more(patience_ms)) {
    }
    kill(pid_, SIGKILL); // it has closed its output, or will not
    reap(pid_);
    pid_ = -1;
    return printed_;
}

long Program::peak_kib() const {
    return number_after(read_text("/proc/" + std::to_string(pid_) + "/status"), "VmHWM:");
}

int run_to_end(const std::vector<std::string>& words) {
    static const FileActions nowhere(-1);
    return reap(spawn(words, nowhere));
}

Ended run_as(const std::vector<std::string>& words, uid_t user) {
    const pid_t pid = start_as(words, user);
    Ended ended;
    rusage usage = {};
    while (wait4(pid, &ended.status, 0, &usage) < 0 && errno == EINTR) {
    }
    ended.peak_kib = usage.ru_maxrss;
    return ended;
}

std::string read_text(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

long number_after(std::string_view text, std::string_view key) {
    auto at = text.starts_with(key) ? 0 : text.find("\n" + std::string(key));
    if (at == std::string_view::npos) {
        return -1;
    }
    text.remove_prefix(text.find_first_of("0123456789", at + key.size()));
    long value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

} // namespace sig2pid::bench
