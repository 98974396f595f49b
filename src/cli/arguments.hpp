// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

namespace sig2pid::cli {

/// Parses a command's arguments. Nothing when they are good; else the exit code, --help and mistakes having been
/// answered.
[[nodiscard]] std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv);

} // namespace sig2pid::cli
