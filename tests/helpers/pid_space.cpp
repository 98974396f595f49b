// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/pid_space.hpp"

#include "helpers/stranger.hpp"

#include <sig2pid/unique_fd.hpp>

#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

constexpr pid_t reserved = 300; // RESERVED_PIDS of the kernel: they come but once
constexpr pid_t few = 10;
constexpr pid_t most_to_use_up = 32'768; ///< takes some seconds

bool is_scarce = false;

bool write_setting(const char* path, pid_t value) {
    const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
    const std::string text = std::to_string(value);
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

pid_t pid_limit() {
    pid_t limit = 0;
    std::ifstream("/proc/sys/kernel/pid_max") >> limit;
    return limit;
}

/// Uses up the next PID: which it was.
pid_t use_up_one() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(0);
    }
    ::waitpid(pid, nullptr, 0);
    return pid;
}

/// The PID that comes before another is seen when that one has come; then it is waited for.
bool use_up_those_before(pid_t pid) {
    pid_t before = pid - 1; // unless a process has it
    pid_t last = 0;
    for (pid_t forks = 0; forks < 3 * most_to_use_up; ++forks) {
        const pid_t used = use_up_one();
        if (used <= 0 || used == before) {
            return used == before;
        }
        before = used == pid && last != 0 ? last : before;
        last = used;
    }
    return false;
}

bool has_setting_for_next() {
    return !is_scarce && ::access("/proc/sys/kernel/ns_last_pid", W_OK) == 0;
}

} // namespace

bool make_pids_scarce() {
    if (!kernel_is_at_least(6, 14) || !write_setting("/proc/sys/kernel/pid_max", reserved + few)) {
        return false;
    }
    is_scarce = true;
    for (pid_t used = 0; used < reserved;) {
        used = use_up_one();
        if (used <= 0) {
            return false;
        }
    }
    return true;
}

bool prepare_to_steer() {
    return has_setting_for_next() || make_pids_scarce();
}

bool steer_next_pid(pid_t pid) {
    if (has_setting_for_next()) {
        return write_setting("/proc/sys/kernel/ns_last_pid", pid - 1);
    }
    return pid_limit() <= most_to_use_up && use_up_those_before(pid);
}

} // namespace sig2pid::test
