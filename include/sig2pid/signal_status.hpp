// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <sys/types.h>

namespace sig2pid {

/// How a process stands to signals at one moment, from /proc/PID/status.
///
/// Masks and thread_pending are those of the main thread; other threads of the process may differ.
struct SignalStatus {
    SignalSet blocked;              ///< SigBlk: of the main thread
    SignalSet ignored;              ///< SigIgn: explicitly ignored, of the whole process
    SignalSet caught;               ///< SigCgt: has a handler, of the whole process
    SignalSet thread_pending;       ///< SigPnd: sent to the main thread alone
    SignalSet shared_pending;       ///< ShdPnd: sent to the process
    std::uint64_t queued = 0;       ///< signals queued for all processes of the target's real user
    std::uint64_t queue_limit = 0;  ///< the target's RLIMIT_SIGPENDING: no more than this many fit
    char state = '?';               ///< of the main thread, as in ps(1): R S D T t Z X I
    unsigned threads = 0;           ///< of the process
    uid_t real_uid = 0;             ///< as the reader's user namespace maps it
    uid_t effective_uid = 0;        ///< likewise
    uid_t saved_uid = 0;            ///< likewise
    bool is_namespace_init = false; ///< PID 1 of its namespace: signals it does not catch are discarded
    bool is_below_us = false;       ///< in a PID namespace below that of the /proc read

    /// A further queued signal would lose its payload, or fail.
    [[nodiscard]] bool is_queue_full() const noexcept { return queued >= queue_limit; }
};

/// An open view of one process's status: each read is one system call, and can only ever show that process.
class StatusReader {
public:
    /// ESRCH/gone when reaped; ENOENT when /proc hides it (hidepid) or is not mounted.
    [[nodiscard]] static Result<StatusReader> open(const Process& process);

    /// ESRCH/gone when reaped; EBADMSG when the text is not what the kernel writes.
    [[nodiscard]] Result<SignalStatus> read() const;

private:
    explicit StatusReader(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

/// StatusReader for a single look.
[[nodiscard]] Result<SignalStatus> signal_status(const Process& process);

/// Whether a signal sent to the whole process stays pending: every one of its threads blocks it.
/// `status` is the process's own, just read; it decides alone for a single-threaded process.
[[nodiscard]] Result<bool> is_blocked_everywhere(const Process& process, const SignalStatus& status, Signal signal);

} // namespace sig2pid
