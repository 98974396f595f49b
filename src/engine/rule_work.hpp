// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/session.hpp>
#include <sig2pid/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sig2pid::engine {

/// A rule at work, wherever it is matched: what the session's loop drives.
class RuleWork {
public:
    RuleWork() = default;
    RuleWork(const RuleWork&) = delete;
    RuleWork& operator=(const RuleWork&) = delete;
    virtual ~RuleWork() = default;

    /// Readable when there is something to take.
    [[nodiscard]] virtual int fd() const = 0;

    /// Handles what is there, bounded, so that a flood does not keep the loop from anything else.
    /// \return how many there were.
    virtual std::size_t take_reports(const Session::Handler& handler) = 0;

    /// There is more to take, though fd() may not say so.
    [[nodiscard]] virtual bool has_backlog() const noexcept { return false; }

    /// No further event counts; what has come before is still to be taken.
    virtual void detach() = 0;

    /// Nothing is outstanding: every match that was taken has a verdict, or is counted as lost.
    [[nodiscard]] virtual bool is_settled() const = 0;

    /// Counts what is not judged yet as lost: the time to settle is over.
    virtual void abandon(const Session::Handler& /*handler*/) {}

    /// Sends wait for their targets to run.
    [[nodiscard]] virtual bool has_queued() const noexcept { return false; }

    /// Takes queued sends of this age back from targets that do not run, and sends them itself.
    virtual void take_back_stuck(const Session::Handler& /*handler*/, std::chrono::nanoseconds /*age*/) {}

    /// Matches so far.
    [[nodiscard]] virtual std::uint64_t matched() const = 0;

    [[nodiscard]] virtual Summary summary() const = 0;

    /// Why no event will come any more; nothing as long as some may.
    [[nodiscard]] virtual std::optional<Error> source_error() const { return std::nullopt; }
};

} // namespace sig2pid::engine
