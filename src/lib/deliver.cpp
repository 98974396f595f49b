// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/deliver.hpp>

#include "lib/cancel.hpp"
#include "lib/syscalls.hpp"
#include "lib/threads.hpp"

#include <sig2pid/selector.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>

namespace sig2pid {
namespace {

constexpr int looks_at_once = 64;                      ///< each misses one of three when the target is starved of CPU
constexpr std::chrono::milliseconds longest_look(100); ///< at one that runs, or would: after those, one a millisecond
constexpr std::chrono::milliseconds longest_pause(50); ///< between tries while a queue is full

bool is_always_meant(Signal signal) {
    return signal.number() == SIGKILL || signal.number() == SIGSTOP || signal.number() == SIGTERM;
}

/// Kills, stops and continues whatever the process says: not even the signal mask stands in the way.
bool is_unstoppable(Signal signal) {
    return signal.number() == SIGKILL || signal.number() == SIGSTOP;
}

bool ends_target(Signal signal) {
    const DefaultAction action = signal.default_action();
    return action == DefaultAction::terminate || action == DefaultAction::core;
}

/// An init of a PID namespace takes no default action, save SIGKILL and SIGSTOP from a namespace above.
bool is_shielded_init(const SignalStatus& status, Signal signal) {
    return status.is_namespace_init && !status.caught.contains(signal) &&
           !(status.is_below_us && is_unstoppable(signal));
}

/// sig_ignored() of the kernel, for a signal that the main thread does not hold; one that it holds is kept.
/// SIGCONT has done its work before it is discarded. A kernel thread's ignored set is full, SIGKILL included.
bool is_discarded(const SignalStatus& status, Signal signal) {
    if (signal.number() == SIGCONT) {
        return false;
    }
    return status.ignored.contains(signal) || is_shielded_init(status, signal) ||
           (signal.default_action() == DefaultAction::ignore && !status.caught.contains(signal));
}

bool is_pending(const SignalStatus& status, Signal signal, Scope scope) {
    const SignalSet& pending = scope == Scope::thread ? status.thread_pending : status.shared_pending;
    return pending.contains(signal);
}

/// A full queue: real-time signals with a payload fail by themselves (EAGAIN); the other losses return success.
bool loses_silently(const SignalStatus& status, Signal signal, const SendOptions& options) {
    if (!status.is_queue_full()) {
        return false;
    }
    if (signal.is_realtime()) {
        return !options.payload && is_pending(status, signal, options.scope);
    }
    return options.payload.has_value();
}

/// Whether the policy refuses the signal's default action.
bool refuses_default(Signal signal, DefaultPolicy policy) {
    return policy == DefaultPolicy::require_handler ||
           (policy == DefaultPolicy::refuse && ends_target(signal) && !is_always_meant(signal));
}

bool is_refused(const SignalStatus& status, Signal signal, const SendOptions& options) {
    return refuses_default(signal, options.default_policy) && !status.caught.contains(signal);
}

/// What comes of a signal that is not kept from its effect on some thread.
std::optional<Verdict> foresee_effect(const SignalStatus& status, Signal signal, const SendOptions& options,
                                      bool main_holds) {
    if (!main_holds && is_discarded(status, signal)) {
        return Verdict::ignored;
    }
    return is_refused(status, signal, options) ? std::optional(Verdict::unhandled) : std::nullopt;
}

/// What comes of a signal that is put into the target's queue.
Verdict foresee_queueing(const SignalStatus& status, Signal signal, const SendOptions& options) {
    if (!signal.is_realtime() && is_pending(status, signal, options.scope)) {
        return Verdict::coalesced;
    }
    return loses_silently(status, signal, options) ? Verdict::overflow : Verdict::delivered;
}

Result<Delivery> ended_by(Error error) {
    const std::optional<Verdict> verdict = verdict_of(error);
    if (!verdict) {
        return std::unexpected(std::move(error));
    }
    return Delivery{*verdict, false, true, std::move(error)};
}

/// Sends, and answers `foreseen` unless the call fails.
Result<Delivery> send_as_foreseen(const Process& process, Signal signal, const SendOptions& options,
                                  Delivery foreseen) {
    Result<> sent = options.payload ? queue(process, signal, *options.payload, options.scope)
                                    : send(process, signal, options.scope);
    return sent ? Result<Delivery>(std::move(foreseen)) : ended_by(std::move(sent).error());
}

std::string overflow_text(const Process& process) {
    return "process " + std::to_string(process.pid()) +
           ": its user's signal queue is full (RLIMIT_SIGPENDING), so the signal would be lost or lose its payload";
}

Result<Delivery> deliver_seen(const Process& process, Signal signal, const SendOptions& options, Delivery foreseen) {
    if (foreseen.verdict == Verdict::unhandled) {
        return foreseen;
    }
    if (foreseen.verdict == Verdict::overflow) {
        foreseen.error = Error{EAGAIN, "pidfd_send_signal", overflow_text(process), Reason::queue_full, 0};
        return foreseen;
    }
    return send_as_foreseen(process, signal, options, std::move(foreseen));
}

/// Sends to whom nobody could look at. Where the kernel would not say that the signal or its payload is lost, that is
/// told.
Result<Delivery> not_looked_at(const Process& process, Signal signal, const SendOptions& options, Error error) {
    if (error.reason == Reason::gone) {
        return ended_by(std::move(error));
    }
    if (options.default_policy != DefaultPolicy::allow) {
        return std::unexpected(std::move(error));
    }
    Delivery unseen{Verdict::delivered, false, false, std::nullopt};
    if (options.payload.has_value() != signal.is_realtime()) { // such a loss returns success: see loses_silently()
        error.context =
            error.message() + "; should its user's signal queue be full, the signal or its payload was lost";
        unseen.error = std::move(error);
    }
    return send_as_foreseen(process, signal, options, std::move(unseen));
}

} // namespace

std::optional<Verdict> verdict_of(const Error& error) noexcept {
    switch (error.reason) {
    case Reason::gone:
        return Verdict::gone;
    case Reason::queue_full:
        return Verdict::overflow;
    case Reason::no_permission:
    case Reason::foreign_namespace:
    case Reason::forbidden_code:
    case Reason::filtered:
        return Verdict::denied;
    default:
        return std::nullopt;
    }
}

Delivery foresee(const Process& process, const SignalStatus& status, Signal signal, const SendOptions& options) {
    const bool main_holds = main_thread_holds(process, status, signal);
    const bool alone = options.scope == Scope::thread || status.threads <= 1;
    const bool blocked = main_holds && (alone || every_thread_holds(process, status, signal).value_or(true));
    if (!blocked) {
        if (const std::optional<Verdict> verdict = foresee_effect(status, signal, options, main_holds)) {
            return {*verdict, false, true, std::nullopt};
        }
    }
    const Verdict verdict = foresee_queueing(status, signal, options);
    return {verdict, blocked && verdict != Verdict::overflow, true, std::nullopt};
}

namespace {

/// Whether a thread runs, or would if it had a processor.
bool is_any_thread_running(const Process& process, const SignalStatus& status) {
    if (status.state == 'R' || status.threads <= 1) {
        return status.state == 'R';
    }
    return !every_thread(process, [](int thread_dir) { return thread_state(thread_dir) != 'R'; }).value_or(true);
}

} // namespace

// The two parts of a look are not one moment: who left sigwait(3) between them may be back in it. And who is on the way
// out of it shows neither the wait nor its mask until it gets a processor, which may take a while where these are busy.
Result<Delivery> foresee(const Process& process, Signal signal, const SendOptions& options) {
    const auto end = std::chrono::steady_clock::now() + longest_look;
    for (int looks = 1;; ++looks) {
        const Result<SignalStatus> status = options.reader != nullptr ? options.reader->read() : signal_status(process);
        if (!status) {
            return std::unexpected(status.error());
        }
        Delivery foreseen = foresee(process, *status, signal, options);
        if (foreseen.verdict != Verdict::unhandled) {
            return foreseen;
        }
        if (looks <= looks_at_once) {
            continue;
        }
        if (std::chrono::steady_clock::now() >= end || !is_any_thread_running(process, *status)) {
            return foreseen;
        }
        static_cast<void>(sys::calls().poll(process.fd(), POLLIN, 1)); // its exit ends the pause
    }
}

namespace {

/// What a signal to a whole group comes to: that nothing may be sent if it must not be to one of them; else what comes
/// of the one for which most does.
Delivery foresee_for_all(const std::vector<Delivery>& each) {
    constexpr std::array<Verdict, 5> order = {Verdict::overflow, Verdict::unhandled, Verdict::delivered,
                                              Verdict::coalesced, Verdict::ignored};
    const auto rank = [&](const Delivery& one) { return std::ranges::find(order, one.verdict) - order.begin(); };
    Delivery whole = *std::ranges::min_element(each, {}, rank);
    whole.blocked =
        std::ranges::all_of(each, [&](const Delivery& one) { return one.blocked || one.verdict != whole.verdict; }) &&
        whole.verdict != Verdict::overflow;
    return whole;
}

/// The queue is its user's: one that has room for one signal has none for the same to several.
bool has_no_room_for_all(const Process& member, std::size_t count) {
    const Result<SignalStatus> status = signal_status(member);
    return status && status->queue_limit < status->queued + count;
}

/// How one of a group stands to the signal; nothing of who has exited, or may not be signalled: the kernel leaves it
/// out, as kill(2) does.
Result<std::optional<Delivery>> foresee_for_one(const Process& member, Signal signal, SendOptions options,
                                                std::size_t count) {
    if (const Result<> probed = probe(member); !probed && verdict_of(probed.error()) != std::nullopt) {
        return std::nullopt;
    }
    options.scope = Scope::process;
    options.reader = nullptr;
    Result<Delivery> foreseen = foresee(member, signal, options);
    if (!foreseen) {
        return foreseen.error().reason == Reason::gone ? Result<std::optional<Delivery>>(std::nullopt)
                                                       : forward_error(foreseen);
    }
    if (foreseen->verdict == Verdict::delivered && options.payload && has_no_room_for_all(member, count)) {
        foreseen->verdict = Verdict::overflow;
    }
    return std::move(*foreseen);
}

/// Looks at each process of the group before.
Result<Delivery> deliver_to_group(const Process& leader, Signal signal, const SendOptions& options) {
    const pid_t group = leader.pid();
    const Result<ProcessSet> members = select_groups(std::span(&group, 1));
    if (!members) {
        return not_looked_at(leader, signal, options, members.error());
    }
    std::vector<Delivery> each;
    for (std::size_t i = 0; i < members->size(); ++i) {
        Result<std::optional<Delivery>> one = std::nullopt;
        const Result<> pinned = members->with(
            i, [&](const Process& member) { one = foresee_for_one(member, signal, options, members->size()); });
        if (!pinned && pinned.error().reason != Reason::gone) {
            return not_looked_at(leader, signal, options, pinned.error());
        }
        if (!one) {
            return not_looked_at(leader, signal, options, std::move(one).error());
        }
        if (*one) {
            each.push_back(std::move(**one));
        }
    }
    const Delivery unseen{Verdict::delivered, false, false, std::nullopt};
    return deliver_seen(leader, signal, options, each.empty() ? unseen : foresee_for_all(each));
}

Result<Delivery> deliver_once(const Process& process, Signal signal, const SendOptions& options) {
    if (options.scope == Scope::group) {
        return deliver_to_group(process, signal, options);
    }
    Result<ProcessState> state = process.state();
    if (!state) {
        return forward_error(state);
    }
    if (*state == ProcessState::zombie) {
        return Delivery{Verdict::zombie, false, true, std::nullopt};
    }
    Result<Delivery> foreseen = foresee(process, signal, options);
    return foreseen ? deliver_seen(process, signal, options, std::move(*foreseen))
                    : not_looked_at(process, signal, options, std::move(foreseen).error());
}

} // namespace

Result<Delivery> deliver(const Process& process, Signal signal, const SendOptions& options) {
    const auto deadline = std::chrono::steady_clock::now() + options.retry;
    std::chrono::milliseconds pause(1);
    for (;;) {
        Result<Delivery> delivery = deliver_once(process, signal, options);
        if (!delivery || delivery->verdict != Verdict::overflow ||
            std::chrono::steady_clock::now() + pause > deadline || is_cancelled(options.cancel_fd)) {
            return delivery;
        }
        // the pidfd wakes us when the target exits; nobody tells when its queue has room
        static_cast<void>(sys::calls().poll(process.fd(), POLLIN, static_cast<int>(pause.count())));
        pause = std::min(2 * pause, longest_pause);
    }
}

} // namespace sig2pid
