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

/// Whether the main thread keeps the signal from its default action: it blocks it, or waits for it in sigwait(3).
///
/// While it waits, the kernel takes the signals waited for out of the mask that /proc shows. A thread's system call and
/// its argument tell then; where we may not see these (ptrace(2) access mode), a thread asleep in sigwait is taken to
/// wait for this signal. A signal with a handler is held by the mask alone.
[[nodiscard]] bool main_thread_holds(const Process& process, const SignalStatus& status, Signal signal);

/// Whether every thread does, so that a signal sent to the whole process ends nobody. `status` is the process's own,
/// just read.
[[nodiscard]] Result<bool> every_thread_holds(const Process& process, const SignalStatus& status, Signal signal);

} // namespace sig2pid
