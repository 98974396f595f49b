// SPDX-License-Identifier: BSD-2-Clause
// Reading /proc: parsers of its text, which trust nothing in it, and files that are those of a pinned process.
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal_status.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sig2pid::proc {

/// The part of /proc/PID/stat that identifies.
struct Stat {
    pid_t pid = 0;
    std::string_view comm; ///< points into the text
    char state = '?';
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    int tty = 0;        ///< device number of the controlling terminal as the kernel packs it; 0: none
    unsigned flags = 0; ///< PF_ of linux/sched.h
    unsigned threads = 0;
    std::uint64_t start_time = 0; ///< clock ticks since boot
};

/// The part of /proc/PID/status that is about identity and signals.
struct Status {
    pid_t tgid = 0;
    pid_t pid = 0;
    pid_t parent = 0;
    SignalStatus signals;
};

/// /proc/self/fdinfo/N of a pidfd.
struct FdInfo {
    pid_t pid = 0;      ///< in the namespace of the /proc it was read from; 0: not in it, -1: reaped
    unsigned depth = 0; ///< how many PID namespaces the process is in, from that of the /proc down; 0: not told
};

/// /proc/PID/syscall of a thread asleep in a system call.
struct SleepingCall {
    long number = -1;                 ///< -1: asleep, but not in a system call
    std::uint64_t first_argument = 0; ///< as it was passed
};

/// EBADMSG for text that the kernel does not write. The comm in it may hold anything, parentheses and newlines too.
[[nodiscard]] Result<Stat> parse_stat(std::string_view text);

/// The last field of /proc/PID/stat: how a zombie ended, as wait(2) has it. 0 also for those who may not know.
[[nodiscard]] std::optional<int> parse_exit_code(std::string_view text) noexcept;

/// EBADMSG when a field is missing or malformed. Unknown fields are skipped.
[[nodiscard]] Result<Status> parse_status(std::string_view text);

/// EBADF/not_a_pidfd when there is no Pid line: a descriptor of another kind.
[[nodiscard]] Result<FdInfo> parse_fdinfo(std::string_view text);

/// The first 8 hex digits of /proc/sys/kernel/random/boot_id.
[[nodiscard]] std::optional<std::uint32_t> parse_boot_id(std::string_view text) noexcept;

/// Nothing for a thread that runs.
[[nodiscard]] std::optional<SleepingCall> parse_syscall(std::string_view text) noexcept;

/// The whole of a file that the kernel makes in one piece, from its start; EFBIG above 1 MiB.
[[nodiscard]] Result<std::string> read_whole(int fd);

/// Opens and reads `path`, relative to `dirfd`: one piece.
[[nodiscard]] Result<std::string> read_file(int dirfd, const std::string& path);

/// Opens and reads to its end a file of many pieces, of which the kernel gives some at a time, as lists of /proc, or
/// one of a disk; EFBIG above 64 MiB.
[[nodiscard]] Result<std::string> read_long_file(int dirfd, const std::string& path);

/// The process behind a pidfd, by its number in the namespace of the mounted /proc: what its directory is called.
/// EBADF/not_a_pidfd, ESRCH/gone, EINVAL/foreign_namespace.
[[nodiscard]] Result<pid_t> pid_in_proc(int pidfd);

/// Opens /proc/PID/`file` of a pinned process. When it succeeds the descriptor is that process's and stays so:
/// procfs pins what it was opened for, and the process was still there after the open.
[[nodiscard]] Result<UniqueFd> open_file(const Process& process, std::string_view file, int flags);

/// Likewise, for who opens many: `proc` is what open_proc() gave.
[[nodiscard]] Result<UniqueFd> open_file_in(int proc, const Process& process, std::string_view file, int flags);

} // namespace sig2pid::proc
