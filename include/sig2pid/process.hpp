// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/token.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace sig2pid {

/// alive; zombie: exited, its parent has not waited for it (or, for a multi-threaded one, its last thread is gone);
/// gone: reaped, the PID may already belong to another.
enum class ProcessState { alive, zombie, gone };

/// "alive", "zombie" or "gone".
[[nodiscard]] std::string_view to_string(ProcessState state) noexcept;

/// How a child starts.
struct SpawnOptions {
    /// The signals that the child starts with blocked. None, whatever the caller blocks.
    SignalSet blocked;
};

/// A process, pinned: an owned pidfd and what identifies it. However long it is kept, it never comes to mean
/// another process; after the exit it is `gone`. Needs Linux 5.3.
///
/// Movable, not copyable; duplicate() makes a second one. Calls on one object from several threads are safe.
class Process {
public:
    /// Pins the process with this PID, a zombie too.
    /// \return ESRCH/gone when there is none; EINVAL/bad_input for 0 and below; EINVAL/not_a_leader for a thread's id;
    /// ENOSYS/unsupported before 5.3; EPERM/filtered under a seccomp filter.
    [[nodiscard]] static Result<Process> open(pid_t pid);

    /// Pins the process of an open /proc/PID directory, which stays the caller's. The directory must belong to the
    /// /proc that this process sees (EXDEV otherwise), be a process's and not a thread's, and not be of a dead one
    /// (ESRCH/gone).
    [[nodiscard]] static Result<Process> from_proc_dir(int dirfd);

    /// Takes a pidfd that was handed over, such as by SCM_RIGHTS or SO_PEERPIDFD.
    /// \return EBADF/not_a_pidfd, ESRCH/gone when it has been reaped, EINVAL/foreign_namespace when it has no PID here.
    [[nodiscard]] static Result<Process> adopt(UniqueFd pidfd);

    /// As adopt(), of a duplicate with close-on-exec: the descriptor stays the caller's.
    [[nodiscard]] static Result<Process> from_fd(int pidfd);

    /// Pins the very process that the token names, or ESRCH/gone: whoever has the PID now is left alone.
    [[nodiscard]] static Result<Process> from_token(const Token& token);

    /// Starts a program (argv[0], searched in PATH) pinned from birth by clone3's CLONE_PIDFD. Descriptors marked
    /// close-on-exec are not inherited, handlers are reset. The caller waits for the child: waitid(P_PIDFD, fd()).
    /// \return the errno of execve(2) (ENOENT, EACCES...) when the program cannot be run, leaving no child behind.
    [[nodiscard]] static Result<Process> spawn(std::span<const std::string> argv, const SpawnOptions& options = {});

    /// A second pin of the same process.
    [[nodiscard]] Result<Process> duplicate() const;

    /// One poll(2), and for an exited process before Linux 6.9's pidfs one probe.
    [[nodiscard]] Result<ProcessState> state() const;

    /// The pidfd; it stays this object's. Readable in poll and epoll when the process has exited.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    /// The PID in this process's namespace, as it was when pinned. For a person: never signal by it.
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The INODE part of the token: the pidfd's inode number, before Linux 6.9 the start time.
    [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }

    /// PID, inode and boot: what to write down to find this very process again.
    [[nodiscard]] Token token() const { return {pid_, inode_, boot_id()}; }

    /// When it started, in clock ticks (sysconf(_SC_CLK_TCK) a second) since boot. ESRCH/gone when reaped.
    [[nodiscard]] Result<std::uint64_t> start_time() const;

private:
    enum class Filesystem : bool { shared, pidfs };

    Process(UniqueFd fd, pid_t pid, std::uint64_t inode, Filesystem filesystem) noexcept
        : fd_(std::move(fd)), pid_(pid), inode_(inode), filesystem_(filesystem) {}

    [[nodiscard]] static Result<Process> identify(UniqueFd fd, pid_t pid);

    UniqueFd fd_;
    pid_t pid_ = 0;
    std::uint64_t inode_ = 0;
    Filesystem filesystem_ = Filesystem::shared; ///< of pidfs (6.9) each has an inode, and poll(2) tells of the reaping
};

/// What the process calls itself: comm, at most 15 bytes of any value, 63 for a kernel thread. ESRCH/gone when reaped.
[[nodiscard]] Result<std::string> name(const Process& process);

} // namespace sig2pid
