// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/predicate.hpp>
#include <sig2pid/engine/rule.hpp>
#include <sig2pid/engine/rung.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/verdict.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace sig2pid::engine {

/// Who a match's signal was for.
struct TargetIdentity {
    pid_t pid = 0;           ///< in the caller's PID namespace, 0 where that does not show it
    std::uint64_t inode = 0; ///< of its pidfd; before Linux 6.9 the start time in clock ticks
};

/// An event that satisfied the rule, with the verdict on its signal. Lives as long as the call that hands it over.
struct Match {
    std::uint64_t seq = 0; ///< counts the rule's matches from 1: a gap is a match that was not reported
    std::chrono::system_clock::time_point time;        ///< of the event
    std::span<const std::optional<FieldValue>> fields; ///< as Event::fields; nothing where memory could not be read
    std::uint64_t value = 0;                           ///< the signal's payload
    TargetIdentity target;
    Rung rung = Rung::direct; ///< the one that ended it
    Verdict verdict = Verdict::delivered;
    bool blocked = false; ///< stays pending, as users of signalfd and sigwait wish
    std::string reason;   ///< for denied, gone and overflow: why, for a person; may be empty
};

/// Why a session ended.
enum class Ending : std::uint8_t {
    count_reached, ///< the rule has matched as often as it was to
    target_gone,   ///< the pinned target has exited
    source_gone,   ///< no event will come any more: Session::source_error() says why
    stopped        ///< the caller's descriptor became readable
};

/// "count", "target gone", "source gone" or "stopped".
[[nodiscard]] std::string_view to_string(Ending ending) noexcept;

/// The account of a session. matched is the sum of all verdicts and lost, once run() has returned.
struct Summary {
    std::uint64_t matched = 0;
    std::array<std::array<std::uint64_t, 9>, rung_count> verdicts{}; ///< by Rung and Verdict
    std::uint64_t lost = 0;       ///< matches whose signal was not sent: the buffer to the agent was full
    std::uint64_t unreported = 0; ///< matches with a verdict that is counted here, but whose report found the ring full
    std::uint64_t unjudged = 0;   ///< events that the expression could not be tried on: memory that could not be read,
                                  ///< or a record of a module's channel that was lost
    std::uint64_t missed = 0; ///< events the kernel did not show, because the program was already running on that CPU

    /// Of one verdict, over all rungs.
    [[nodiscard]] std::uint64_t total(Verdict verdict) const noexcept;
    [[nodiscard]] std::uint64_t count(Rung rung, Verdict verdict) const noexcept {
        return verdicts[static_cast<std::size_t>(rung)][static_cast<std::size_t>(verdict)];
    }
};

/// Whether run() hands over every match.
enum class Reports : std::uint8_t { all, none };

/// A rule at work: armed on construction, disarmed at the end of run() or with the object. Nothing stays behind.
///
/// Arm and run it in the same thread: what happens while that thread runs is no event to the rule of a tracepoint, or
/// reporting a match could be one again.
class Session {
public:
    /// Pins and judges the target, checks that kill(2) would allow the signal, loads, attaches. When it returns, events
    /// count.
    /// \return ESRCH/gone for a target that is not there, a zombie too; EPERM/no_permission where kill(2) would be
    /// refused, or for `current`, `subject` and `parent` without CAP_KILL; E2BIG for these with more than 32 ancestors,
    /// which could not all be spared; ECANCELED where the signal would end a target that does not expect it; EPERM
    /// without the privilege for BPF; ENOENT without /proc; EMFILE where RLIMIT_NOFILE is too low; otherwise what the
    /// kernel said. For a channel of a module: ENOENT/unsupported without sig2pid's module, ENOENT/bad_input where
    /// there is no such channel, EACCES/no_permission where /dev/sig2pid may not be opened; no privilege for BPF is
    /// needed.
    [[nodiscard]] static Result<Session> arm(const Rule& rule, Reports reports = Reports::all);

    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    /// The pinned target; nothing for a named one.
    [[nodiscard]] const std::optional<Process>& target() const noexcept;

    using Handler = std::function<void(const Match&)>;

    /// Sends what the kernel handed over and reports, until the rule's count is reached, the target exits, the source
    /// of the events ends, or stop_fd (-1: none) becomes readable; then disarms, and returns when the last match has
    /// its verdict.
    [[nodiscard]] Result<Ending> run(int stop_fd, const Handler& handler);

    /// Has run() call `handler` too whenever `fd` is readable: for a caller that has something else to wait for. The
    /// descriptor stays the caller's, and open until run() returns.
    void also_wait_for(int fd, std::function<void()> handler);

    /// The account so far; final after run().
    [[nodiscard]] Summary summary() const;

    /// Why no event will come any more: ENODEV, the channel of a module was withdrawn; nothing as long as some may.
    [[nodiscard]] std::optional<Error> source_error() const;

private:
    class Loop;
    explicit Session(std::unique_ptr<Loop> loop);

    std::unique_ptr<Loop> loop_;
};

} // namespace sig2pid::engine
