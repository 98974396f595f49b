// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/channel.hpp"
#include "engine/pidfd_rung.hpp"
#include "engine/rate_limiter.hpp"
#include "engine/rule_work.hpp"
#include "engine/subscription.hpp"

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/engine/session.hpp>
#include <sig2pid/process.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sig2pid::engine {

/// A rule on a channel of another module: matched here, not in the kernel, and sent by the rung pidfd. It needs no BPF.
class ChannelWork final : public RuleWork {
public:
    ChannelWork(const Rule& rule, Reports reports, PidfdRung rung, const Process& target, Subscription subscription);

    [[nodiscard]] int fd() const override { return subscription_.fd(); }
    std::size_t take_reports(const Session::Handler& handler) override;
    [[nodiscard]] bool has_backlog() const noexcept override { return !backlog_.empty(); }
    void detach() override;
    void abandon(const Session::Handler& handler) override;
    [[nodiscard]] bool is_settled() const override { return backlog_.empty(); }
    [[nodiscard]] std::uint64_t matched() const override { return sum_.matched; }
    [[nodiscard]] Summary summary() const override { return sum_; }
    [[nodiscard]] std::optional<Error> source_error() const override { return source_error_; }

private:
    static constexpr std::size_t fields = 3;

    void receive();
    void keep(const std::vector<ChannelRecord>& records);
    void take(const ChannelRecord& record, const Session::Handler& handler);
    void lose_until(std::uint64_t sequence);
    [[nodiscard]] bool is_complete() const { return count_ != 0 && sum_.matched >= count_; }
    [[nodiscard]] std::uint64_t payload(const std::array<FieldValue, fields>& values) const;
    [[nodiscard]] AgentVerdict send(std::uint64_t value);
    void report(const ChannelRecord& record, std::uint64_t value, const AgentVerdict& sent,
                const Session::Handler& handler) const;

    std::string channel_;
    std::optional<Predicate> predicate_;
    RuleValue value_;
    std::uint64_t count_;
    std::optional<RateLimiter> limiter_;
    Reports reports_;
    PidfdRung rung_;
    TargetIdentity target_;
    Subscription subscription_;
    std::deque<ChannelRecord> backlog_; ///< read, and not yet judged
    std::uint64_t taken_ = 0;           ///< sequence of the last event that is accounted for
    std::uint64_t known_ = 0;           ///< all events up to this one are in the backlog, or lost
    std::uint64_t end_ = std::numeric_limits<std::uint64_t>::max(); ///< later events do not count
    Summary sum_;
    std::optional<Error> source_error_;
    std::chrono::nanoseconds clock_offset_{}; ///< CLOCK_REALTIME less CLOCK_MONOTONIC
};

} // namespace sig2pid::engine
