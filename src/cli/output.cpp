// SPDX-License-Identifier: BSD-2-Clause
#include "cli/output.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

void write_to(std::FILE* file, std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), file));
}

std::string escaped(unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    return {'\\', 'x', digits[byte >> 4U], digits[byte & 0xFU]};
}

/// The length of the UTF-8 character at the start of `text` that a terminal shows; 0 when it is none.
std::size_t shown_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) {
        return lead >= 0x20 && lead != 0x7F ? 1 : 0;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
        return 0;
    }
    const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; };
    // U+0080 to U+009F are control characters too.
    const bool control = lead == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    return !control && std::ranges::all_of(text.substr(1, length - 1), continues) ? length : 0;
}

std::size_t shown_width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80; }));
}

using Row = std::vector<std::string>;

std::vector<std::size_t> column_widths(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], shown_width(row[i]));
        }
    }
    return widths;
}

std::string join(const Row& row, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        line += row[i];
        if (i + 1 < row.size()) {
            line.append(widths[i] - shown_width(row[i]) + 2, ' ');
        }
    }
    return line;
}

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = shown_length(text);
        if (length == 0) {
            result += escaped(static_cast<unsigned char>(text.front()));
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

void report(std::string_view command, std::string_view message) {
    std::string prefix = "sig2pid";
    if (!command.empty()) {
        prefix += " " + std::string(command);
    }
    if (::isatty(STDERR_FILENO) == 1) {
        prefix = "\x1b[31m" + prefix + "\x1b[0m";
    }
    std::fflush(stdout); // what was printed before comes before
    write_to(stderr, prefix + ": " + printable(message) + "\n");
}

void report(std::string_view command, const Error& error) {
    report(command, error.message());
}

void remark(std::string_view message) {
    std::fflush(stdout);
    write_to(stderr, printable(message) + "\n");
}

ExitCode exit_code_of(const Error& error) {
    switch (error.reason) {
    case Reason::gone:
    case Reason::changed:
        return exit_no_target;
    case Reason::bad_input:
    case Reason::invalid_signal:
    case Reason::not_a_leader:
    case Reason::not_a_pidfd:
        return exit_usage;
    default:
        return exit_system;
    }
}

ExitCode fail(std::string_view command, const Error& error) {
    report(command, error);
    return exit_code_of(error);
}

void outlive_readers() noexcept {
    ::signal(SIGPIPE, SIG_IGN);
}

void print_line(std::string_view line) {
    write_to(stdout, std::string(line) + "\n");
    std::fflush(stdout);
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<Row> shown = rows;
    for (Row& row : shown) {
        std::ranges::transform(row, row.begin(), [](const std::string& cell) { return printable(cell); });
    }
    const std::vector<std::size_t> widths = column_widths(shown);
    for (const Row& row : shown) {
        write_to(stdout, join(row, widths) + "\n");
    }
}

int finish_output(int code) {
    const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    if (failed) {
        report("", std::string("cannot write to standard output: ") + std::strerror(errno));
        return exit_system;
    }
    return code;
}

} // namespace sig2pid::cli
