// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress.hpp"

#include "cli/output.hpp"

#include <cstdio>
#include <string>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

constexpr std::string_view start_of_line = "\r\x1b[K"; // and nothing to the right of it

void write_now(std::string_view text) {
    std::fflush(stdout);
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

} // namespace

ProgressLine::ProgressLine() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(std::string_view text) {
    if (on_terminal_) {
        write_now(std::string(start_of_line) + printable(text));
        shown_ = true;
    }
}

void ProgressLine::clear() {
    if (std::exchange(shown_, false)) {
        write_now(start_of_line);
    }
}

} // namespace sig2pid::cli
