// SPDX-License-Identifier: BSD-2-Clause
// What all commands with TARGETs share: the options that choose, and showing what was chosen.
#pragma once

#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"

#include <sig2pid/selector.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::cli {

/// The arguments as they were typed.
struct SelectWords {
    std::vector<std::string> targets;
    std::string max;
    std::string backend = "auto";
    bool newest = false;
    bool oldest = false;
    bool locked = false;
    bool confirm = false;
    bool dry_run = false;
};

/// TARGET..., --max, --newest, --oldest, --locked, --backend.
void add_select_options(Arguments& arguments, SelectWords& words);

/// --confirm, --dry-run: for commands that do something to what they choose.
void add_caution_options(Arguments& arguments, SelectWords& words);

/// How a command takes a signal.
enum class SignalWord { option, step, none };

/// -9 is a signal to kill(1) and a group to kill(2), -HUP a signal. They are neither here: the exit code once that is
/// said.
[[nodiscard]] std::optional<int> refuse_negative_number(int argc, char** argv, SignalWord written);

/// The targets and options read, all mistakes being reported.
struct Choice {
    std::vector<Target> targets;
    SelectOptions options;
};
[[nodiscard]] std::optional<Choice> read_choice(std::string_view command, const SelectWords& words);

/// Pins what is chosen, the limit of descriptors being raised first.
[[nodiscard]] Result<ProcessSet> select_choice(const Choice& choice);

/// Likewise; the exit code once the error is reported.
[[nodiscard]] std::expected<ProcessSet, ExitCode> select_chosen(std::string_view command, const Choice& choice);

/// Reports the targets that matched nothing: the exit code that they come to, exit_done when all matched.
[[nodiscard]] ExitCode report_misses(std::string_view command, const Choice& choice, const ProcessSet& set);

enum class Shown { table, json, tokens };

/// Prints each member and what the signal would do to it; reports those that /proc hides. exit_no_target
/// when all are gone by now.
ExitCode show(std::string_view command, const ProcessSet& set, Signal signal, Shown how);

/// Shows the set and asks on the terminal: exit_done for yes. Without a terminal the answer is no.
[[nodiscard]] ExitCode ask_to_confirm(std::string_view command, const ProcessSet& set, Signal signal);

} // namespace sig2pid::cli
