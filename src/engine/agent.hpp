// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/pidfd_rung.hpp"
#include "engine/program.hpp"
#include "engine/rule_work.hpp"

#include <sig2pid/engine/session.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace sig2pid::engine {

/// A rule that is matched in the kernel, and what is left to do for user space: send what the kernel's rungs could not,
/// report, and keep the account.
class AgentWork final : public RuleWork {
public:
    AgentWork(const Rule& rule, RuleProgram program, PidfdRung rung, const std::optional<Process>& target);

    [[nodiscard]] int fd() const override { return program_.fd(); }
    std::size_t take_reports(const Session::Handler& handler) override;
    void detach() override { program_.detach(); }
    [[nodiscard]] bool is_settled() const override;
    void abandon(const Session::Handler& handler) override;
    [[nodiscard]] bool has_queued() const noexcept override { return !queued_.empty(); }
    void take_back_stuck(const Session::Handler& handler, std::chrono::nanoseconds age) override;
    [[nodiscard]] std::uint64_t matched() const override { return program_.matched(); }
    [[nodiscard]] Summary summary() const override;

private:
    /// A match whose signal waits for its target to run.
    struct Queued {
        s2p_match match;
        std::vector<std::byte> payload;
        std::chrono::steady_clock::time_point since;
        /// Since when the target is known to have run: the verdict is on its way, or found the ring buffer full.
        std::optional<std::chrono::steady_clock::time_point> ran = std::nullopt;
    };
    /// How a match ended: its header with the final verdict, and why.
    struct Ended {
        s2p_match match;
        std::string reason;
    };

    void take(const s2p_match& match, std::span<const std::byte> payload, const Session::Handler& handler);
    void take_queued(const s2p_match& match, std::span<const std::byte> payload, const Session::Handler& handler);
    void take_done(const s2p_match& done, const Session::Handler& handler);
    [[nodiscard]] Ended send(s2p_match match);
    void keep_early(Ended ended);
    void take_back(Queued queued, const Session::Handler& handler);
    [[nodiscard]] std::uint64_t outstanding() const;
    void report(const Ended& ended, std::span<const std::byte> payload, const Session::Handler& handler);
    void decode(const s2p_match& match, std::span<const std::byte> payload);
    [[nodiscard]] FieldValue decode_array(const Field& field, std::span<const std::byte> bytes);
    [[nodiscard]] TargetIdentity identity(const s2p_match& match) const;

    RuleProgram program_;
    std::vector<Field> fields_;
    PidfdRung rung_;
    std::optional<TargetIdentity> pinned_;
    std::map<std::uint64_t, Queued> queued_; ///< by sequence number
    std::map<std::uint64_t, Ended> early_; ///< done before their matches were reported, which another CPU still writes
    std::array<std::uint64_t, S2P_VERDICTS> sent_{}; ///< by verdict: what this rung did
    std::uint64_t abandoned_ = 0;                    ///< matches that nobody will judge any more
    std::uint64_t unpaired_ = 0; ///< sends that were done, but whose matches found the ring buffer full
    std::vector<std::optional<FieldValue>> values_;
    std::vector<std::uint64_t> elements_;     ///< of the arrays among them
    std::chrono::nanoseconds clock_offset_{}; ///< CLOCK_REALTIME less CLOCK_BOOTTIME
};

} // namespace sig2pid::engine
