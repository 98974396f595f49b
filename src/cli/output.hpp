// SPDX-License-Identifier: BSD-2-Clause
// What every command says the same way. No streams: they cost start-up time.
#pragma once

#include "cli/exit_code.hpp"

#include <sig2pid/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::cli {

/// Text from elsewhere, made harmless for a terminal: control characters and bytes that are not UTF-8 as \xNN.
[[nodiscard]] std::string printable(std::string_view text);

/// "sig2pid COMMAND: message" on standard error, the prefix in red when that is a terminal.
void report(std::string_view command, std::string_view message);

/// Likewise, an Error and what it is about.
void report(std::string_view command, const Error& error);

/// A remark on standard error, such as "ready" or a summary: no prefix, nothing to worry about.
void remark(std::string_view message);

/// The exit code that an error stands for: 1 gone, 2 bad input, 3 the system.
[[nodiscard]] ExitCode exit_code_of(const Error& error);

/// Reports it, and gives its exit code.
[[nodiscard]] ExitCode fail(std::string_view command, const Error& error);

/// One line on standard output, written out at once: who reads a pipe waits for it.
void print_line(std::string_view line);

/// Rows in columns as wide as their widest cell, the first row being the header, on standard output. Cells are made
/// printable().
void print_table(const std::vector<std::vector<std::string>>& rows);

/// Writes out what is left and gives `code`, or exit_system when standard output could not take it all.
[[nodiscard]] int finish_output(int code);

/// For commands that signal: what is begun is finished, and nothing left frozen, though nobody reads the output any
/// more. finish_output() says so.
void outlive_readers() noexcept;

} // namespace sig2pid::cli
