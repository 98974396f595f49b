// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/process.hpp>

#include "lib/proc.hpp"
#include "lib/syscalls.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>

namespace sig2pid {
namespace {

std::unexpected<Error> gone(std::string context) {
    return failure(ESRCH, "pidfd_open", std::move(context), Reason::gone);
}

/// The process that a thread id belongs to, when `id` is a thread's and not a process's.
std::optional<pid_t> process_of_thread(pid_t id) {
    const Result<std::string> text = proc::read_file(AT_FDCWD, "/proc/" + std::to_string(id) + "/status");
    if (!text) {
        return std::nullopt;
    }
    const Result<proc::Status> status = proc::parse_status(*text);
    if (!status || status->tgid == status->pid) {
        return std::nullopt;
    }
    return status->tgid;
}

/// ENOENT for a thread's id; EINVAL before 6.9, which older kernels also give for a process about to exit.
std::unexpected<Error> not_a_process(pid_t pid, int code) {
    const std::string id = std::to_string(pid);
    if (const std::optional<pid_t> process = process_of_thread(pid)) {
        return failure(EINVAL, "pidfd_open", id + " is a thread of process " + std::to_string(*process) + ": name that",
                       Reason::not_a_leader);
    }
    if (code == ENOENT) {
        return failure(EINVAL, "pidfd_open", id + " is a thread's id, not a process's", Reason::not_a_leader);
    }
    return gone("process " + id + " has just exited");
}

std::unexpected<Error> open_failure(pid_t pid, int code) {
    switch (code) {
    case ESRCH:
        return gone("no process has the PID " + std::to_string(pid));
    case ENOENT:
    case EINVAL:
        return not_a_process(pid, code);
    case ENOSYS:
        return failure(code, "pidfd_open", "pidfd_open is missing: it needs Linux 5.3, or a seccomp filter hides it",
                       Reason::unsupported);
    case EPERM:
        return failure(code, "pidfd_open", "a seccomp filter refuses pidfd_open", Reason::filtered);
    default:
        return failure(code, "pidfd_open", "cannot pin process " + std::to_string(pid) + ": " + std::strerror(code));
    }
}

/// The inode number, where pidfds have their own (pidfs, 6.9); nothing where all share one.
Result<std::optional<std::uint64_t>> pidfs_inode(int fd) {
    static std::atomic<dev_t> pidfs = 0; // there is one a kernel; asking for it is one of ten calls for each process
    struct stat file{};
    if (const int status = sys::calls().fstat(fd, file); status < 0) {
        return failure(-status, "fstat");
    }
    if (file.st_dev != 0 && file.st_dev == pidfs.load(std::memory_order_relaxed)) {
        return file.st_ino;
    }
    struct statfs filesystem{};
    if (const int status = sys::calls().fstatfs(fd, filesystem); status < 0) {
        return failure(-status, "fstatfs");
    }
    if (filesystem.f_type != sys::pidfs_magic) {
        return std::nullopt;
    }
    pidfs.store(file.st_dev, std::memory_order_relaxed);
    return file.st_ino;
}

/// The PID here of a pidfd that was handed over. PIDFD_GET_INFO needs 6.13; fdinfo tells the rest.
Result<pid_t> pid_of(int fd) {
    sys::PidfdInfo info;
    info.mask = sys::info_pid;
    const int status = sys::calls().pidfd_get_info(fd, info);
    if (status == -ESRCH) {
        return gone("the process of the descriptor is gone");
    }
    if (status < 0 || (info.mask & sys::info_pid) == 0) {
        return proc::pid_in_proc(fd);
    }
    if (info.pid == 0) {
        return failure(EINVAL, "pidfd", "the process has no PID in this PID namespace", Reason::foreign_namespace);
    }
    if (info.pid != info.tgid) {
        return failure(EINVAL, "pidfd", "the descriptor is a thread's, not a process's", Reason::not_a_leader);
    }
    return static_cast<pid_t>(info.pid);
}

/// Whether the directory is in the very mount of /proc that we read: only there are its numbers the same as ours.
Result<> check_same_proc(int dirfd) {
    struct statfs filesystem{};
    struct stat directory{};
    if (const int status = sys::calls().fstatfs(dirfd, filesystem); status < 0) {
        return failure(-status, "fstatfs");
    }
    if (filesystem.f_type != sys::procfs_magic) {
        return failure(ENOTDIR, "proc directory", "the descriptor is not a /proc/PID directory", Reason::bad_input);
    }
    const UniqueFd root(sys::calls().openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY));
    struct stat ours{};
    if (!root || sys::calls().fstat(root.get(), ours) < 0 || sys::calls().fstat(dirfd, directory) < 0 ||
        ours.st_dev != directory.st_dev) {
        return failure(EXDEV, "proc directory", "the directory belongs to another mount of /proc", Reason::bad_input);
    }
    return {};
}

/// The PID, in the mounted /proc, of the process that a /proc directory shows, as long as that is not reaped.
Result<pid_t> pid_of_directory(int dirfd) {
    Result<std::string> text = proc::read_file(dirfd, "status");
    if (!text) {
        return text.error().code == ENOENT || text.error().code == ESRCH ? gone("the process of the directory is gone")
                                                                         : forward_error(text);
    }
    Result<proc::Status> status = proc::parse_status(*text);
    if (!status) {
        return forward_error(status);
    }
    if (status->tgid != status->pid) {
        return failure(EINVAL, "proc directory", "the directory is a thread's, not a process's", Reason::not_a_leader);
    }
    return status->pid;
}

Result<std::uint64_t> read_start_time(const Process& process) {
    Result<UniqueFd> file = proc::open_file(process, "stat", O_RDONLY);
    if (!file) {
        return forward_error(file);
    }
    Result<std::string> text = proc::read_whole(file->get());
    if (!text) {
        return forward_error(text);
    }
    Result<proc::Stat> stat = proc::parse_stat(*text);
    if (!stat) {
        return forward_error(stat);
    }
    return stat->start_time;
}

} // namespace

std::string_view to_string(ProcessState state) noexcept {
    switch (state) {
    case ProcessState::alive:
        return "alive";
    case ProcessState::zombie:
        return "zombie";
    case ProcessState::gone:
        return "gone";
    }
    return "unknown";
}

Result<Process> Process::identify(UniqueFd fd, pid_t pid) {
    Result<std::optional<std::uint64_t>> inode = pidfs_inode(fd.get());
    if (!inode) {
        return forward_error(inode);
    }
    const Filesystem filesystem = inode->has_value() ? Filesystem::pidfs : Filesystem::shared;
    Process process(std::move(fd), pid, inode->value_or(0), filesystem);
    if (!inode->has_value()) {
        Result<std::uint64_t> started = read_start_time(process);
        if (!started) {
            return forward_error(started);
        }
        process.inode_ = *started;
    }
    return process;
}

Result<Process> Process::open(pid_t pid) {
    if (pid <= 0) {
        return failure(EINVAL, "pidfd_open", std::to_string(pid) + " is not a process: PIDs start at 1",
                       Reason::bad_input);
    }
    const int fd = sys::calls().pidfd_open(pid, 0);
    if (fd < 0) {
        return open_failure(pid, -fd);
    }
    return identify(UniqueFd(fd), pid);
}

Result<Process> Process::from_proc_dir(int dirfd) {
    if (Result<> same = check_same_proc(dirfd); !same) {
        return forward_error(same);
    }
    Result<pid_t> number = pid_of_directory(dirfd);
    if (!number) {
        return forward_error(number);
    }
    Result<Process> process = open(*number);
    if (!process) {
        return process;
    }
    // Both are pinned now. The directory still answers, so nobody else has its number; the pidfd shows the same
    // number in the same /proc, so it is the same process, whatever namespace the number was meant for.
    Result<pid_t> shown = proc::pid_in_proc(process->fd());
    Result<pid_t> still = pid_of_directory(dirfd);
    if (!still) {
        return forward_error(still);
    }
    if (!shown || *shown != *still) {
        return failure(EXDEV, "proc directory", "the mounted /proc belongs to another PID namespace",
                       Reason::foreign_namespace);
    }
    return process;
}

Result<Process> Process::adopt(UniqueFd pidfd) {
    Result<pid_t> pid = pid_of(pidfd.get());
    if (!pid) {
        return forward_error(pid);
    }
    return identify(std::move(pidfd), *pid);
}

Result<Process> Process::from_fd(int pidfd) {
    const int copy = sys::calls().dup_cloexec(pidfd);
    if (copy < 0) {
        const Reason reason = copy == -EBADF ? Reason::not_a_pidfd : Reason::unspecified;
        return failure(-copy, "dup", "descriptor " + std::to_string(pidfd) + " is not open", reason);
    }
    return adopt(UniqueFd(copy));
}

Result<Process> Process::from_token(const Token& token) {
    if (token.boot && !boot_id()) {
        return failure(ENOENT, "read boot_id",
                       "the token " + token.to_string() + " cannot be told from one of another boot without /proc");
    }
    if (token.boot && token.boot != boot_id()) {
        return gone("the token " + token.to_string() + " is from another boot");
    }
    Result<Process> process = open(token.pid);
    if (process && process->inode() != token.inode) {
        return gone("the process of the token " + token.to_string() + " is gone; its PID belongs to another now");
    }
    return process;
}

Result<Process> Process::duplicate() const {
    const int copy = sys::calls().dup_cloexec(fd());
    if (copy < 0) {
        return failure(-copy, "dup");
    }
    return Process(UniqueFd(copy), pid_, inode_, filesystem_);
}

Result<ProcessState> Process::state() const {
    const int events = sys::calls().poll(fd(), POLLIN, 0);
    if (events < 0) {
        return failure(-events, "poll");
    }
    if (events == 0) {
        return ProcessState::alive;
    }
    if ((events & POLLHUP) != 0) {
        return ProcessState::gone;
    }
    if (filesystem_ == Filesystem::pidfs) {
        return ProcessState::zombie;
    }
    // Before pidfs a reaped process looks like a zombie to poll; the probe tells them apart whatever our rights.
    const bool reaped = sys::calls().pidfd_send_signal(fd(), 0, nullptr, 0) == -ESRCH;
    return reaped ? ProcessState::gone : ProcessState::zombie;
}

Result<std::uint64_t> Process::start_time() const {
    return read_start_time(*this);
}

Result<std::string> name(const Process& process) {
    Result<UniqueFd> file = proc::open_file(process, "comm", O_RDONLY);
    if (!file) {
        return forward_error(file);
    }
    Result<std::string> text = proc::read_whole(file->get());
    if (text && text->ends_with('\n')) {
        text->pop_back();
    }
    return text;
}

} // namespace sig2pid
