// SPDX-License-Identifier: BSD-2-Clause
#include "lib/pidfile.hpp"

#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/proc_locks.hpp"
#include "lib/proc_scan.hpp"
#include "lib/syscalls.hpp"
#include "lib/trusted_path.hpp"
#include "lib/words.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace sig2pid {
namespace {

// A file's time is taken from a clock that ticks, as a start time is counted in ticks: each may be 10 ms early.
constexpr std::int64_t clock_slack_ns = 20'000'000;
constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::size_t longest_content = 64;

std::unexpected<Error> refuse(const std::string& path, int code, Reason reason, const std::string& why) {
    return failure(code, "pidfile", "pidfile '" + path + "': " + why, reason);
}

/// The way to the file, and that it led to this one: what was opened may have been exchanged meanwhile.
Result<> check_way(const std::string& path, const struct stat& file) {
    const Result<struct stat> found = follow_trusted(path);
    if (!found) {
        return refuse(path, found.error().code, found.error().reason, found.error().message());
    }
    if (found->st_dev != file.st_dev || found->st_ino != file.st_ino) {
        return refuse(path, ESTALE, Reason::unspecified, "was exchanged while it was looked at");
    }
    return {};
}

Result<> check_file(const std::string& path, const struct stat& file) {
    if (!S_ISREG(file.st_mode)) {
        return refuse(path, EINVAL, Reason::bad_input, "is not a regular file");
    }
    if (is_foreign(file)) {
        return refuse(path, EPERM, Reason::bad_input,
                      "belongs to user " + std::to_string(file.st_uid) + ", who could name any process in it");
    }
    if (others_may_write(file)) {
        return refuse(path, EPERM, Reason::bad_input, "others than its owner may write to it: chmod go-w");
    }
    return check_way(path, file);
}

Result<pid_t> read_content(const std::string& path, int fd) {
    std::array<char, longest_content> buffer{};
    const ssize_t count = sys::calls().pread(fd, buffer, 0);
    if (count < 0) {
        return refuse(path, static_cast<int>(-count), Reason::unspecified, std::strerror(static_cast<int>(-count)));
    }
    const auto pid = parse_pidfile({buffer.data(), static_cast<std::size_t>(count)});
    return pid ? Result<pid_t>(*pid) : refuse(path, EINVAL, Reason::bad_input, pid.error());
}

std::int64_t to_nanoseconds(const timespec& time) {
    return time.tv_sec * ns_per_s + time.tv_nsec;
}

/// When the system booted, by the clock that files are stamped with.
std::int64_t boot_time() {
    timespec now{};
    timespec uptime{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    ::clock_gettime(CLOCK_BOOTTIME, &uptime);
    return to_nanoseconds(now) - to_nanoseconds(uptime);
}

Result<> check_age(const std::string& path, const struct stat& file, const Process& process) {
    Result<std::uint64_t> ticks = process.start_time();
    if (!ticks) {
        return forward_error(ticks);
    }
    const std::int64_t tick = ns_per_s / ::sysconf(_SC_CLK_TCK);
    const std::int64_t started = boot_time() + static_cast<std::int64_t>(*ticks) * tick;
    if (started > to_nanoseconds(file.st_mtim) + clock_slack_ns) {
        return refuse(path, ESRCH, Reason::gone,
                      "is older than process " + std::to_string(process.pid()) +
                          ", which it now names: its own process is gone (or the clock was set since)");
    }
    return {};
}

bool is_lock_of(const proc::FileLock& lock, const struct stat& file) {
    return lock.inode == file.st_ino && lock.major == ::major(file.st_dev) && lock.minor == ::minor(file.st_dev);
}

/// Whether /proc/locks has a lock of the file that the process took.
Result<bool> took_lock(pid_t pid, const struct stat& file) {
    Result<std::string> text = proc::read_long_file(AT_FDCWD, "/proc/locks");
    if (!text) {
        return forward_error(text);
    }
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::optional<proc::FileLock> lock = proc::parse_lock(proc::take_line(rest));
        if (lock && lock->holder == pid && is_lock_of(*lock, file)) {
            return true;
        }
    }
    return false;
}

bool shows_lock(std::string_view fdinfo, const struct stat& file) {
    constexpr std::string_view prefix = "lock:";
    while (!fdinfo.empty()) {
        const std::string_view line = proc::take_line(fdinfo);
        if (!line.starts_with(prefix)) {
            continue;
        }
        const std::optional<proc::FileLock> lock = proc::parse_lock(line.substr(prefix.size()));
        if (lock && is_lock_of(*lock, file)) {
            return true;
        }
    }
    return false;
}

/// Whether one of the descriptors of the process has a lock of the file: its own, or one that its parent took.
Result<bool> has_lock(const Process& process, const struct stat& file) {
    Result<UniqueFd> directory = proc::open_file(process, "fdinfo", O_RDONLY | O_DIRECTORY);
    if (!directory) {
        return forward_error(directory);
    }
    bool found = false;
    Result<> walked = proc::for_each_number(directory->get(), [&](pid_t descriptor) {
        const Result<std::string> text = proc::read_file(directory->get(), std::to_string(descriptor));
        found = found || (text && shows_lock(*text, file));
    });
    return walked || found ? Result<bool>(found) : forward_error(walked);
}

bool holds_posix_lock(int fd, pid_t pid) {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid == pid;
}

Result<bool> holds_lock(const Process& process, int fd, const struct stat& file) {
    if (holds_posix_lock(fd, process.pid())) {
        return true;
    }
    Result<bool> took = took_lock(process.pid(), file);
    return !took || *took ? std::move(took) : has_lock(process, file);
}

Result<> check_process(const std::string& path, int fd, const struct stat& file, const Process& process,
                       PidfileLock lock) {
    if (lock == PidfileLock::any) {
        return check_age(path, file, process);
    }
    // A lock that the process holds now is the better proof than the times of two clocks.
    const Result<bool> locked = holds_lock(process, fd, file);
    const std::string who = "process " + std::to_string(process.pid()) + ", which it names, ";
    if (Result<ProcessState> state = process.state(); !state || *state == ProcessState::gone || (locked && !*locked)) {
        return refuse(path, ESRCH, Reason::gone, who + "does not hold its lock");
    }
    if (!locked) {
        const int code = locked.error().code;
        const Reason reason = code == EACCES || code == EPERM ? Reason::no_permission : Reason::unspecified;
        return refuse(path, code, reason, who + "could not be asked for its locks: " + locked.error().message());
    }
    return {};
}

} // namespace

std::expected<pid_t, std::string> parse_pidfile(std::string_view text) {
    const bool is_all = text.size() < longest_content;
    const std::string_view word = proc::take_word(text);
    if (word.empty()) {
        return std::unexpected("is empty");
    }
    const std::optional<pid_t> pid = parse_number<pid_t>(word);
    const bool is_one = is_all && proc::take_word(text).empty();
    if (!pid || !is_one || *pid <= 0 || *pid > Target::largest_pid) {
        return std::unexpected("does not hold one PID and nothing else");
    }
    if (*pid == 1) {
        return std::unexpected("names PID 1, which only the bare PID may name");
    }
    return *pid;
}

Result<Process> pin_by_pidfile(const std::string& path, PidfileLock lock) {
    const int fd = sys::calls().openat(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        const Reason reason = fd == -EACCES || fd == -EPERM ? Reason::no_permission : Reason::gone;
        return refuse(path, -fd, reason, std::strerror(-fd));
    }
    const UniqueFd owner(fd);
    struct stat file{};
    if (const int status = sys::calls().fstat(fd, file); status < 0) {
        return refuse(path, -status, Reason::unspecified, std::strerror(-status));
    }
    if (Result<> good = check_file(path, file); !good) {
        return forward_error(good);
    }
    Result<pid_t> pid = read_content(path, fd);
    if (!pid) {
        return forward_error(pid);
    }
    Result<Process> process = Process::open(*pid);
    if (!process) {
        const Reason reason = process.error().reason == Reason::not_a_leader ? Reason::gone : process.error().reason;
        return refuse(path, process.error().code, reason, process.error().message());
    }
    if (Result<> good = check_process(path, fd, file, *process, lock); !good) {
        return forward_error(good);
    }
    return process;
}

} // namespace sig2pid
