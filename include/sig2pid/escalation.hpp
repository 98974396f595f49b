// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/exit_status.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/token.hpp>
#include <sig2pid/whole.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid {

/// One step of a ladder: a signal, and when it is sent, from the start of the whole.
struct EscalationStep {
    Signal signal;
    std::chrono::nanoseconds after{};

    /// Reads SIG@DUR: TERM@0s, KILL@10s.
    /// \return EINVAL (Reason::bad_input or invalid_signal) for anything else.
    [[nodiscard]] static Result<EscalationStep> parse(std::string_view text);

    /// "SIGKILL@10s"; parse() reads it back.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const EscalationStep&, const EscalationStep&) = default;
};

/// Why a process outlived the ladder.
enum class Survival {
    not_signalled,   ///< it was all over before the first signal
    refused,         ///< the kernel (or EscalationOptions::judge) refuses; the Error beside it says why
    shielded,        ///< not even SIGKILL ends it: a kernel thread, or the init of a PID namespace, from inside
    uninterruptible, ///< in a system call that no signal ends: state D, such as a dead disk or a frozen cgroup
    stopped,         ///< stopped or traced: the signals wait until it goes on
    unmoved          ///< it got the signals and lives on
};

/// "not signalled", "refused", "shielded", "uninterruptible", "stopped" or "unmoved".
[[nodiscard]] std::string_view to_string(Survival survival) noexcept;

/// How it went for one process.
struct Ending {
    std::size_t index = 0;         ///< among the targets, and after them, those that appeared while it ran
    std::optional<Token> appeared; ///< one of the latter
    std::string name;              ///< its name then; empty for a target

    bool ended = false; ///< it has exited; a zombie that nobody reaps has, too

    /// The last signal that it was sent; none: it had exited, or the kernel refused.
    std::optional<Signal> last_sent = std::nullopt;

    /// The signal of the step that ended it; none when it had exited before the first, when it died of a signal that
    /// was not sent here, when it was seen to ignore the last one and exited by itself, or when it lives.
    std::optional<Signal> ended_by = std::nullopt;

    std::chrono::nanoseconds after{}; ///< from the start to its exit, or to the end of all
    ExitStatus status;                ///< how it exited

    Survival survival = Survival::not_signalled; ///< why it lives; only when not `ended`
    std::optional<Error> error = std::nullopt;   ///< what the kernel said, when it refused a signal
};

/// Why an escalation came to its end.
enum class EscalationEnd {
    all_ended, ///< all have exited
    given_up,  ///< what is left cannot be ended: each says why
    timed_out, ///< the timeout of the options
    cancelled
};

struct EscalationReport {
    EscalationEnd end = EscalationEnd::all_ended;
    std::vector<Ending> endings; ///< the targets in their order, then those that appeared
};

/// A moment of a running escalation, for who shows progress.
struct EscalationProgress {
    std::size_t total = 0;                                               ///< all, with those that appeared
    std::size_t ended = 0;                                               ///< of these, have exited
    std::optional<Signal> last = std::nullopt;                           ///< the last step taken
    std::optional<EscalationStep> next = std::nullopt;                   ///< the step to come
    std::chrono::nanoseconds elapsed = std::chrono::nanoseconds::zero(); ///< since the start
};

struct EscalationOptions {
    /// The deadline of the whole, from the start; steps after it are not taken. None: until all have ended, or until
    /// `kill_patience` is over.
    std::optional<std::chrono::nanoseconds> timeout = std::nullopt;

    /// How long to wait after a SIGKILL as last step, when there is no timeout: what it has not ended by then, nothing
    /// will soon.
    std::chrono::nanoseconds kill_patience = std::chrono::seconds(10);

    /// A descriptor that ends the escalation when it is readable; -1: none. As WaitOptions::cancel_fd.
    int cancel_fd = -1;

    /// For a set. Each step first holds all still and looks until nobody new appears, so that no fork in flight
    /// escapes: a control group of version 2 that a target means as a whole is frozen, all others are stopped
    /// (SIGSTOP). After the signal all go on. They are looked for once more before the end, and who appears then is
    /// sent the last signal.
    Newcomers newcomers = Newcomers::none;

    SelectOptions select = {}; ///< how those are looked for; its `max`, `pick` and `cancel_fd` do not count

    /// The processes that belong to the targets now, in ways of the caller's; those known already may be among them.
    /// With it all are held still as with `newcomers`. An error of it ends the escalation.
    std::function<Result<std::vector<Token>>()> more = nullptr;

    /// Called with each target, by its index, just before the first signal goes: an Error leaves it alone. For what
    /// must still hold of it.
    std::function<Result<>(std::size_t index, const Process& process)> judge = nullptr;

    /// Called after each step and whenever something has ended, in the thread that runs the escalation.
    std::function<void(const EscalationProgress&)> observer = nullptr;
};

/// Ends processes for sure: a ladder of signals, all targets at once, until they are gone.
///
/// It installs no handler, keeps no state between runs, and several threads may run it at once. Signals go through the
/// pidfds, so whoever has the PID of an ended process meanwhile is never hit. A stopped process is sent SIGCONT after
/// each signal, or it would not take it.
class Escalation {
public:
    /// TERM at once, KILL after ten seconds.
    Escalation();

    /// A ladder of these steps, taken in the order of their times (of equal times: in the order given).
    /// \return EINVAL/bad_input for no step at all, or one before the start.
    [[nodiscard]] static Result<Escalation> make(std::vector<EscalationStep> steps);

    [[nodiscard]] const std::vector<EscalationStep>& steps() const noexcept { return steps_; }

    /// Ends the processes, each of which must be there once, and tells what became of each. They must outlive the
    /// call. Reaps nothing. Needs Linux 5.3.
    /// \return the errors of wait_all() and of `more`. What the kernel says to a signal is no error, but in the Ending.
    [[nodiscard]] Result<EscalationReport> run(std::span<const Process> targets,
                                               const EscalationOptions& options = {}) const;

    /// Ends the members of a set, each being judged again just before the first signal. It takes the pins of the set,
    /// which goes on with tokens, and grows by those `newcomers` that match.
    ///
    /// A set may be larger than the limit of descriptors. All members are signalled at each step, and the descriptor of
    /// one that has ended goes to the next. The exit of one that has none is noticed when it gets one, at the next
    /// step, or at the end: that is its time then, and how it exited may be unknown.
    /// \return also EMFILE when not even one more descriptor can be had.
    [[nodiscard]] Result<EscalationReport> run(ProcessSet& targets, const EscalationOptions& options = {}) const;

private:
    explicit Escalation(std::vector<EscalationStep> steps) noexcept : steps_(std::move(steps)) {}

    std::vector<EscalationStep> steps_;
};

} // namespace sig2pid
