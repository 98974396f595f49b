// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/target.hpp>

#include "lib/number.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

constexpr std::string_view fd_prefix = "fd:";

std::unexpected<Error> bad_target(std::string_view text, std::size_t column, const std::string& why) {
    std::string context =
        "target '" + std::string(text.substr(0, 64)) + "', column " + std::to_string(column) + ": " + why;
    return std::unexpected(Error{EINVAL, "parse target", std::move(context), Reason::bad_input, column});
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string meaning_of_negative(std::string_view digits) {
    if (digits == "1") {
        return "-1 means every process to kill(2), and has no place here: name each one";
    }
    return "a negative number means a process group to kill(2); its word is group:" + std::string(digits) +
           ", which this version does not have yet";
}

std::string meaning_of_zero() {
    return "0 means the caller's own process group to kill(2); its word is group:PGID, which this version does not "
           "have yet";
}

Result<Target::Form> parse_pid(std::string_view text) {
    const auto number = parse_number<std::uint64_t>(text);
    if (number == 0) {
        return bad_target(text, 1, meaning_of_zero());
    }
    if (!number || *number > static_cast<std::uint64_t>(Target::largest_pid)) {
        return bad_target(text, 1, "no PID is above " + std::to_string(Target::largest_pid));
    }
    return Target::Pid{static_cast<pid_t>(*number)};
}

Result<Target::Form> parse_fd(std::string_view text) {
    const auto number = parse_number<int>(text.substr(fd_prefix.size()));
    if (!number || *number < 0) {
        return bad_target(text, fd_prefix.size() + 1, "expected the number of an inherited pidfd");
    }
    return Target::InheritedFd{*number};
}

Result<Target::Form> parse_token(std::string_view text) {
    Result<Token> token = Token::parse(text);
    if (!token) {
        return forward_error(token);
    }
    return *token;
}

Result<Target::Form> parse_form(std::string_view text) {
    if (text.empty()) {
        return bad_target(text, 1, "is empty; expected PID, PID:INODE[:BOOT] or fd:N");
    }
    if (text.starts_with('-') && is_number(text.substr(1))) {
        return bad_target(text, 1, meaning_of_negative(text.substr(1)));
    }
    if (text.starts_with(fd_prefix)) {
        return parse_fd(text);
    }
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == text.size()) {
        return parse_pid(text);
    }
    if (digits > 0 && text[digits] == ':') {
        return parse_token(text);
    }
    return bad_target(text, digits + 1, "expected PID, PID:INODE[:BOOT] or fd:N");
}

struct Resolver {
    Result<Process> operator()(Target::Pid pid) const { return Process::open(pid.number); }
    Result<Process> operator()(const Token& token) const { return Process::from_token(token); }
    Result<Process> operator()(Target::InheritedFd fd) const { return Process::from_fd(fd.number); }
};

} // namespace

Result<Target> Target::parse(std::string_view text) {
    Result<Form> form = parse_form(text);
    if (!form) {
        return forward_error(form);
    }
    return Target(text, *form);
}

Result<Process> resolve(const Target& target) {
    return std::visit(Resolver{}, target.form());
}

} // namespace sig2pid
