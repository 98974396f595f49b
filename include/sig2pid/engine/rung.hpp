// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sig2pid::engine {

/// How a signal leaves, in the order in which the rungs are tried.
enum class Rung : std::uint8_t {
    direct,    ///< the BPF program signals the target in the context of the event; Linux 6.13
    task_work, ///< the program queues the send onto the target, where the event's context forbids it; Linux 6.18
    pidfd      ///< the agent sends through its pidfd, with SI_QUEUE
};

inline constexpr std::size_t rung_count = 3;

/// "direct", "task-work" or "pidfd".
[[nodiscard]] std::string_view to_string(Rung rung) noexcept;

/// EINVAL for any other word.
[[nodiscard]] Result<Rung> parse_rung(std::string_view text);

} // namespace sig2pid::engine
