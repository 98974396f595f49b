// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/token.hpp>

#include "lib/number.hpp"
#include "lib/proc.hpp"

#include <cerrno>
#include <fcntl.h>

namespace sig2pid {
namespace {

constexpr std::size_t boot_digits = 8;

std::unexpected<Error> bad_token(std::string_view text, std::size_t column, std::string_view expected) {
    std::string context = "'" + std::string(text.substr(0, 64)) + "' is not a token PID:INODE[:BOOT]: expected ";
    context += std::string(expected) + " at column " + std::to_string(column);
    return std::unexpected(Error{EINVAL, "parse token", std::move(context), Reason::bad_input, column});
}

std::optional<std::uint32_t> read_boot_id() {
    const Result<std::string> text = proc::read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id");
    return text ? proc::parse_boot_id(*text) : std::nullopt;
}

} // namespace

Result<Token> Token::parse(std::string_view text) {
    const std::size_t first = std::min(text.find(':'), text.size());
    const std::size_t second = std::min(text.find(':', first + 1), text.size());
    const std::optional<pid_t> pid = parse_number<pid_t>(text.substr(0, first));
    if (!pid || *pid <= 0) {
        return bad_token(text, 1, "a PID");
    }
    const std::size_t inode_start = std::min(first + 1, text.size());
    const auto inode = parse_number<std::uint64_t>(text.substr(inode_start, second - inode_start));
    if (!inode) {
        return bad_token(text, inode_start + 1, "an inode number");
    }
    if (second == text.size()) {
        return Token{*pid, *inode, std::nullopt};
    }
    const std::string_view digits = text.substr(second + 1);
    const auto boot = parse_number<std::uint32_t>(digits, 16);
    if (!boot || digits.size() != boot_digits) {
        return bad_token(text, second + 2, "the boot id's first 8 hex digits");
    }
    return Token{*pid, *inode, boot};
}

std::string Token::to_string() const {
    std::string text = std::to_string(pid) + ":" + std::to_string(inode);
    if (boot) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += ':';
        for (int shift = 28; shift >= 0; shift -= 4) {
            text += digits[(*boot >> static_cast<unsigned>(shift)) & 0xF];
        }
    }
    return text;
}

std::optional<std::uint32_t> boot_id() {
    static const std::optional<std::uint32_t> id = read_boot_id();
    return id;
}

} // namespace sig2pid
