// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "bpf/wire.h"
#include "engine/kernel.hpp"

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/error.hpp>

#include <sys/types.h>

namespace sig2pid::engine {

/// Who arms the rule: the programs hold the signals of others to this.
struct Agent {
    pid_t pid = 0;
    pid_t thread = 0;                        ///< the one that arms the rule and will run it
    __u32 ancestors[S2P_MAX_ANCESTORS] = {}; ///< the nearest ones, 0 ends
    __u32 namespace_inode = 0;
    __u32 uid = 0, euid = 0;
    bool has_cap_kill = false;

    /// This process.
    /// \return ENOENT where /proc does not show its PID namespace: no process would have a number.
    [[nodiscard]] static Result<Agent> self();
};

/// Whether all ancestors of this process have a place in a rule: those that have none would not be spared by words that
/// may name anyone.
[[nodiscard]] bool can_spare_ancestors();

/// Writes a checked rule as the read-only data of its BPF program.
/// \return EINVAL/bad_input where its literals or fields do not fit.
[[nodiscard]] Result<> encode(const Rule& rule, const KernelFeatures& kernel, const Agent& agent, s2p_rule& out,
                              s2p_literals& literals);

/// Who the agent is, and in which PID namespace it counts.
void encode_agent(const Agent& agent, s2p_rule& out);

/// What the signal's default action does, and whether it may be left to happen.
[[nodiscard]] s2p_default default_of(Signal signal) noexcept;

/// SIGKILL, SIGSTOP and SIGTERM are sent for what they do by default.
[[nodiscard]] bool default_is_meant(const RuleText& rule) noexcept;

} // namespace sig2pid::engine
