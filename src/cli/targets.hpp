// SPDX-License-Identifier: BSD-2-Clause
// What `stop` and `wait` do alike with their targets.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/json.hpp"
#include "cli/select.hpp"

#include <sig2pid/exit_status.hpp>
#include <sig2pid/selector.hpp>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::cli {

enum class Format { text, json };

/// The processes to act on, and what was not found.
struct Chosen {
    ProcessSet set;
    std::vector<std::string> names; ///< of the members; empty where one could not be read
    SelectOptions options;          ///< how they were chosen
    std::vector<std::string> texts; ///< of the set's targets, as they were typed
    bool misses_some = false;       ///< a target was not there

    /// The target that the i-th member matched first, as it was typed.
    [[nodiscard]] const std::string& text(std::size_t i) const { return texts[set[i].argument]; }

    /// "process 12 (sleep)".
    [[nodiscard]] std::string who(std::size_t i) const;
};

/// Selects, and reports what is wrong: an exit code for bad input, a system error, sig2pid itself among the targets, or
/// when nothing was found. A target that is gone beside others that are there is reported and left out.
[[nodiscard]] std::expected<Chosen, ExitCode> choose(std::string_view command, const SelectWords& words, Format format);

/// The trees of what choose() found: all of them with their descendants. Whoever was named by its PID, or was picked,
/// is the process that was found, whose PID may have passed to another meanwhile.
[[nodiscard]] std::expected<Chosen, ExitCode> with_trees(std::string_view command, const Chosen& roots,
                                                         const SelectWords& words, Format format);

/// target, pid, inode and name of a member.
[[nodiscard]] Json json_of(const Chosen& chosen, std::size_t i);

/// Adds code, signal and core.
void add_status(Json& line, const ExitStatus& status);

/// A time for people: 850us, 1.2ms, 10.0s.
[[nodiscard]] std::string short_time(std::chrono::nanoseconds time);

} // namespace sig2pid::cli
