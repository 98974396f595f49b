// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/pidfd_rung.hpp"
#include "engine/program.hpp"

#include <sig2pid/engine/session.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace sig2pid::engine {

/// What is left to do for user space: send what the kernel's rungs could not, report, and keep the account.
class AgentWork {
public:
    AgentWork(const Rule& rule, PidfdRung rung, const std::optional<Process>& target);

    /// Handles the reports that are there, bounded, so that a flood does not keep the loop from anything else.
    /// \return how many there were.
    std::size_t take_reports(RuleProgram& program, const Session::Handler& handler);

    /// Nothing is outstanding: every match that was taken has a verdict, or is counted as lost.
    [[nodiscard]] bool is_settled(const RuleProgram& program) const;

    /// Sends wait for their targets to run.
    [[nodiscard]] bool has_queued() const noexcept { return !queued_.empty(); }

    /// Takes queued sends of this age back from targets that do not run, and sends them itself.
    void take_back_stuck(RuleProgram& program, const Session::Handler& handler, std::chrono::nanoseconds age);

    [[nodiscard]] Summary summary(const RuleProgram& program) const;

private:
    /// A match whose signal waits for its target to run.
    struct Queued {
        s2p_match match;
        std::vector<std::byte> payload;
        std::chrono::steady_clock::time_point since;
    };
    /// How a match ended: its header with the final verdict, and why.
    struct Ended {
        s2p_match match;
        std::string reason;
    };

    void take(const RuleProgram& program, const s2p_match& match, std::span<const std::byte> payload,
              const Session::Handler& handler);
    void take_queued(const RuleProgram& program, const s2p_match& match, std::span<const std::byte> payload,
                     const Session::Handler& handler);
    void take_done(const RuleProgram& program, const s2p_match& done, const Session::Handler& handler);
    [[nodiscard]] Ended send(s2p_match match);
    void report(const RuleProgram& program, const Ended& ended, std::span<const std::byte> payload,
                const Session::Handler& handler);
    void decode(const RuleProgram& program, const s2p_match& match, std::span<const std::byte> payload);
    [[nodiscard]] TargetIdentity identity(const s2p_match& match) const;

    std::vector<Field> fields_;
    PidfdRung rung_;
    std::optional<TargetIdentity> pinned_;
    std::map<std::uint64_t, Queued> queued_; ///< by sequence number
    std::map<std::uint64_t, Ended> early_; ///< done before their matches were reported, which another CPU still writes
    std::array<std::uint64_t, S2P_VERDICTS> sent_{}; ///< by verdict: what this rung did
    std::vector<std::optional<FieldValue>> values_;
    std::chrono::nanoseconds clock_offset_{}; ///< CLOCK_REALTIME less CLOCK_BOOTTIME
};

} // namespace sig2pid::engine
