// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/unique_fd.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace sig2pid {

/// One signal as it arrived, with what can be believed of it.
struct ReceivedSignal {
    Signal signal;
    int code = 0; ///< si_code

    pid_t sender_pid = 0; ///< 0: the kernel, or a sender in a PID namespace above ours. For SIGCHLD: the child
    uid_t sender_uid = 0; ///< real UID of the sender, or of the child

    /// The kernel filled in the sender: it is who it says. False for codes such as SI_QUEUE, where the sender wrote
    /// its PID and UID itself. (A process can send anything to itself.)
    bool sender_trusted = false;

    /// Sent by the kernel: code SI_KERNEL, or a cause such as SEGV_MAPERR. No other process can forge these.
    bool from_kernel = false;

    std::uint64_t value = 0; ///< si_value, all 64 bits; 0 for codes that carry none

    siginfo_t info{}; ///< as the kernel gave it: si_status of a child, si_addr of a fault, si_fd...

    /// value as the sender's sival_int.
    [[nodiscard]] int value_as_int() const noexcept;

    /// "SI_QUEUE", "CLD_EXITED", "SEGV_MAPERR"; a number for a code without a name.
    [[nodiscard]] std::string code_name() const;

    /// Decodes what sigwaitinfo(2) or a SA_SIGINFO handler got.
    [[nodiscard]] static ReceivedSignal decode(const siginfo_t& info);
};

/// Receives signals in the order that the kernel gives them, instead of having handlers run or default actions taken.
///
/// It blocks a set of signals in the thread that makes it. In a program with threads, make it before they start: a
/// process-directed signal goes to any thread that does not block it. Use it, and destroy it, in the same thread.
class Receiver {
public:
    /// \return EINVAL/invalid_signal for SIGKILL and SIGSTOP, which cannot be blocked, for 32 and 33, which are libc's,
    /// and for an empty set.
    [[nodiscard]] static Result<Receiver> make(SignalSet signals);

    Receiver(Receiver&& other) noexcept;
    Receiver& operator=(Receiver&& other) noexcept;
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    /// Unblocks the signals that make() blocked. One that is still pending then takes its usual course.
    ~Receiver();

    /// Takes the next signal, waiting for it up to `timeout`: zero never waits, none waits for ever.
    /// Handlers of other signals may run meanwhile; the wait goes on.
    /// \return an empty optional when the time is over.
    [[nodiscard]] Result<std::optional<ReceivedSignal>>
    receive(std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

    /// Readable (poll, epoll) while a signal is pending: then call receive() with timeout zero until it is empty. Do
    /// not read from it: a signalfd loses the value of a signal that the kernel sent, receive() does not.
    [[nodiscard]] int fd() const noexcept { return readiness_.get(); }

    [[nodiscard]] SignalSet signals() const noexcept { return signals_; }

    /// Leaves the set blocked on destruction: for a program about to exit, which a signal still pending would kill.
    void leave_blocked() noexcept { newly_blocked_ = SignalSet(); }

private:
    Receiver(SignalSet signals, SignalSet newly_blocked, UniqueFd readiness) noexcept
        : signals_(signals), newly_blocked_(newly_blocked), readiness_(std::move(readiness)) {}

    SignalSet signals_;
    SignalSet newly_blocked_;
    UniqueFd readiness_;
};

} // namespace sig2pid
