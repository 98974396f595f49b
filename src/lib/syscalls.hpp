// SPDX-License-Identifier: BSD-2-Clause
// The one place where the library enters the kernel for processes and signals.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <span>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>

namespace sig2pid::sys {

/// struct pidfd_info of linux/pidfd.h, version 0 (kernel 6.13), which older headers do not have.
struct PidfdInfo {
    std::uint64_t mask = 0;
    std::uint64_t cgroup_id = 0;
    std::uint32_t pid = 0;
    std::uint32_t tgid = 0;
    std::uint32_t ppid = 0;
    std::uint32_t uids_and_gids[8] = {};
    std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);

inline constexpr std::uint64_t info_pid = 1;  ///< PIDFD_INFO_PID
inline constexpr std::uint64_t info_exit = 8; ///< PIDFD_INFO_EXIT, 6.15
inline constexpr long pidfs_magic = 0x50494446;
inline constexpr long procfs_magic = 0x9fa0;
inline constexpr unsigned scope_thread = 1; ///< PIDFD_SIGNAL_THREAD, 6.9
inline constexpr unsigned scope_group = 4;  ///< PIDFD_SIGNAL_PROCESS_GROUP, 6.9

/// Each call returns what the kernel does: a result that is not negative, or a negated errno.
/// Signal masks are the kernel's 64 bits, for libc hides signals 32 and 33 from its sigset_t.
struct Syscalls {
    int (*pidfd_open)(pid_t pid, unsigned flags);
    int (*pidfd_send_signal)(int pidfd, int signal, const siginfo_t* info, unsigned flags);
    int (*pidfd_get_info)(int pidfd, PidfdInfo& info);
    pid_t (*clone_pidfd)(int& pidfd);
    int (*waitid)(idtype_t type, id_t id, siginfo_t& info, int options);
    int (*rt_sigtimedwait)(std::uint64_t mask, siginfo_t& info, const timespec* timeout);
    int (*rt_sigprocmask)(int how, std::uint64_t mask, std::uint64_t* old);
    int (*signalfd)(std::uint64_t mask);
    int (*openat)(int dirfd, const char* path, int flags);
    ssize_t (*pread)(int fd, std::span<char> buffer, off_t offset);
    ssize_t (*write)(int fd, std::span<const char> buffer);
    ssize_t (*getdents)(int fd, std::span<char> buffer);
    ssize_t (*readlinkat)(int dirfd, const char* path, std::span<char> buffer);
    int (*fstatat)(int dirfd, const char* path, struct stat& out); ///< follows symbolic links
    int (*poll)(int fd, short events, int timeout_ms);             ///< the revents, 0 on timeout
    int (*fstat)(int fd, struct stat& out);
    int (*fstatfs)(int fd, struct statfs& out);
    int (*dup_cloexec)(int fd);
    int (*dup_onto)(int fd, int target);       ///< close-on-exec; what `target` was is closed
    std::uint64_t (*effective_capabilities)(); ///< of the calling thread, by bit; none where the kernel cannot say
    int (*netlink_open)(int protocol, std::uint32_t group); ///< not blocking, with as large a queue as may be had
    ssize_t (*netlink_receive)(int fd, std::span<char> buffer, std::uint32_t& sender); ///< its port; 0: the kernel
    int (*epoll_create)();
    int (*epoll_add)(int epoll, int fd, std::uint32_t events, std::uint64_t mark);
    int (*epoll_wait)(int epoll, std::span<epoll_event> events, int timeout_ms);
};

/// Whether a negated errno or an errno means that this process or the system has too little to look with, which says
/// nothing of what was looked at.
[[nodiscard]] constexpr bool is_shortage(int code) noexcept {
    const int error = code < 0 ? -code : code;
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/// The table in use: the kernel's, unless a test has put its own.
[[nodiscard]] const Syscalls& calls() noexcept;

/// The table that enters the kernel.
[[nodiscard]] const Syscalls& kernel_calls() noexcept;

/// Puts `table` in use, or the kernel's again when null. For tests: not to be called while another thread calls.
void replace_calls(const Syscalls* table) noexcept;

} // namespace sig2pid::sys
