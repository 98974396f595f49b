// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/signal_status.hpp>
#include <sig2pid/verdict.hpp>

#include <chrono>
#include <optional>

namespace sig2pid {

/// What to do when the signal's default action would end a target that neither catches, blocks nor ignores it.
/// SIGKILL, SIGSTOP and SIGTERM are always meant.
enum class DefaultPolicy {
    allow,
    refuse,
    require_handler ///< refuse whatever the default action does, SIGTERM's and the others' too
};

struct SendOptions {
    Scope scope = Scope::process;
    std::optional<Payload> payload = std::nullopt; ///< none: the fields of kill(2)
    DefaultPolicy default_policy = DefaultPolicy::allow;

    /// While the target's queue is full, try again for so long; returns sooner when it exits. 0: try once.
    std::chrono::nanoseconds retry = std::chrono::nanoseconds::zero();

    /// A descriptor that ends those tries when it is readable; -1: none. As WaitOptions::cancel_fd, and within a
    /// twentieth of a second. The outcome is that of the last try.
    int cancel_fd = -1;

    /// An open view of the same process, for who signals it often: it saves two thirds of the cost of the look.
    const StatusReader* reader = nullptr;
};

/// How one attempt ended.
struct Delivery {
    Verdict verdict = Verdict::delivered;
    bool blocked = false; ///< it stays pending: the target blocks the signal, as users of signalfd and sigwait do
    bool looked = true;   ///< false: /proc could not be read; the verdict is the call's alone

    /// The call's error, beside gone, denied and overflow. Beside delivered, that nobody could look whether the signal
    /// or its payload would be lost.
    std::optional<Error> error = std::nullopt;
};

/// Looks how the target stands to the signal, sends it, and says how that ended: pidfd_send_signal(2) also returns
/// success for signals that nobody will see. Nothing is sent to a zombie, nor for the verdicts unhandled and
/// overflow. What changes between the look and the call is not seen.
///
/// Of a group all processes are looked at: if one would be unhandled or overflow, nothing is sent to any.
/// \return an Error for what is no verdict: a scope that this kernel does not have (EINVAL/unsupported), no
/// pidfd_send_signal, and with DefaultPolicy::refuse a target that cannot be looked at.
[[nodiscard]] Result<Delivery> deliver(const Process& process, Signal signal, const SendOptions& options = {});

/// The verdict that the error of a send is: gone, denied or overflow. Nothing for what is no verdict.
[[nodiscard]] std::optional<Verdict> verdict_of(const Error& error) noexcept;

/// What a signal would come to, without sending it: coalesced, ignored, unhandled, overflow or delivered.
/// Of these, `blocked` is filled in too.
[[nodiscard]] Delivery foresee(const Process& process, const SignalStatus& status, Signal signal,
                               const SendOptions& options = {});

/// Likewise, looking at the process now, and again before it says unhandled, until a look can be trusted: who runs may
/// be on its way out of sigwait(3), and is looked at for a tenth of a second. `payload` and `reader` count, `retry`
/// does not. \return the errors of signal_status().
[[nodiscard]] Result<Delivery> foresee(const Process& process, Signal signal, const SendOptions& options);

} // namespace sig2pid
