// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "bpf/wire.h"
#include "engine/kernel.hpp"
#include "engine/tracefs.hpp"

#include <sig2pid/engine/event.hpp>
#include <sig2pid/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::engine {

/// The BPF program that an event comes in by.
enum class Program : std::uint8_t { exec, exit, fork, oom_kill, signal, record };

/// An event together with how the BPF program reads each of its fields; `loads` runs beside `event.fields`.
struct SourcedEvent {
    Event event;
    std::vector<s2p_field> loads; ///< at and room are not yet set
    Program program = Program::record;
    std::string channel;               ///< of another module: its records come to the agent, and no program is loaded
    std::uint32_t tracepoint = 0;      ///< id, for Program::record
    bool skips_agent = false;          ///< what the agent's loop does would be events: its calls, switches, signals
    bool is_raised_by_sending = false; ///< a send from the kernel is such an event again, so only the agent may send
};

/// As find_event(), with what the engine needs.
[[nodiscard]] Result<SourcedEvent> find_sourced_event(std::string_view name, const KernelFeatures& kernel);

/// The event of a tracepoint's record. Fields that no expression can use (arrays of structures, or of any length) are
/// left out.
[[nodiscard]] SourcedEvent event_of_record(std::string name, const RecordFormat& format, bool is_syscall);

} // namespace sig2pid::engine
