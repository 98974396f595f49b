// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "bpf/wire.h"

#include <sig2pid/deliver.hpp>
#include <sig2pid/engine/rule.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace sig2pid::engine {

/// How the agent's own attempt ended.
struct AgentVerdict {
    Verdict verdict = Verdict::delivered;
    bool blocked = false;
    std::string reason; ///< for a person; empty for delivered
};

/// Why a verdict kept a signal from being sent, where no error says more; empty for the others.
[[nodiscard]] std::string reason_of(Verdict verdict);

/// The last rung: a signal through a pidfd, from user space. It never signals a bare number.
class PidfdRung {
public:
    /// The pinned target is duplicated; without one, each match tells its own.
    [[nodiscard]] static Result<PidfdRung> make(const RuleText& rule, const std::optional<Process>& pinned);

    [[nodiscard]] AgentVerdict send(const s2p_match& match);

private:
    PidfdRung(Signal signal, DefaultPolicy policy) : signal_(signal), policy_(policy) {}

    [[nodiscard]] AgentVerdict send_to(const Process& process, const s2p_match& match, const StatusReader* reader);
    [[nodiscard]] bool is_one_too_many(const Process& process, const s2p_match& match,
                                       const StatusReader* reader) const;
    [[nodiscard]] AgentVerdict look_and_send(const Process& process, const s2p_match& match,
                                             const StatusReader* reader);
    [[nodiscard]] bool needs_no_look(const s2p_match& match, std::chrono::nanoseconds now) const;

    Signal signal_;
    DefaultPolicy policy_;
    std::optional<Process> pinned_;
    std::optional<StatusReader> reader_;
    std::optional<std::chrono::nanoseconds>
        seen_; ///< CLOCK_BOOTTIME: when the pinned target was last found to expect it
};

} // namespace sig2pid::engine
