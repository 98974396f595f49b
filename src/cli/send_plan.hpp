// SPDX-License-Identifier: BSD-2-Clause
// What `send` is asked to do: every argument is judged before anything is.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/select.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/module_sender.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace sig2pid::cli {

/// The arguments as they were typed.
struct SendWords {
    std::string signal = "TERM";
    std::string value;
    std::string scope = "process";
    std::string retry;
    SelectWords select;
    bool require_handler = false;
    bool via_module = false;
    bool json = false;
    bool verbose = false;
};

/// What to do, all of it known to be good.
struct SendPlan {
    std::optional<Signal> signal; ///< none: only probe
    SendOptions options;
    std::optional<ModuleSender> module;                                ///< sends instead of the system call
    std::chrono::nanoseconds retry = std::chrono::nanoseconds::zero(); ///< for all targets together
    Choice choice;
};

/// Reads the command line; the exit code where there is nothing more to do, --help and mistakes having been answered.
[[nodiscard]] std::optional<int> parse_send_words(SendWords& words, int argc, char** argv);

/// Reads the words into `plan`, and reports everything that is wrong with them, not only the first.
[[nodiscard]] ExitCode make_send_plan(const SendWords& words, SendPlan& plan);

} // namespace sig2pid::cli
