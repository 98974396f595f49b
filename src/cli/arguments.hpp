// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/send.hpp>

#include <CLI/CLI.hpp>
#include <optional>
#include <string_view>

namespace sig2pid::cli {

/// Parses a command's arguments. Nothing when they are good; else the exit code, --help and mistakes having been
/// answered.
[[nodiscard]] std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv);

/// Reads a payload: decimal, hexadecimal (0x) or negative (two's complement). EINVAL, or ERANGE for what does not fit
/// 64 bits.
[[nodiscard]] Result<Payload> parse_payload(std::string_view text);

} // namespace sig2pid::cli
