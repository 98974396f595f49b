// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/token.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace sig2pid {

/// Text that names one process: `PID`, a token `PID:INODE[:BOOT]`, or `fd:N`, a pidfd that was inherited.
class Target {
public:
    struct Pid {
        pid_t number;
    };
    struct InheritedFd {
        int number;
    };
    using Form = std::variant<Pid, Token, InheritedFd>;

    /// The largest PID a 64-bit kernel can give (PID_MAX_LIMIT).
    static constexpr pid_t largest_pid = 4'194'304;

    /// Reads one target without looking at any process.
    /// \return EINVAL with Reason::bad_input and the column. 0 and negative numbers, which kill(2) takes for whole
    /// groups, are refused with the word for what they would mean.
    [[nodiscard]] static Result<Target> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const Form& form() const noexcept { return form_; }

private:
    Target(std::string_view text, Form form) : text_(text), form_(form) {}

    std::string text_;
    Form form_;
};

/// Pins the process that the target names now. Errors as Process::open(), from_token() and from_fd().
[[nodiscard]] Result<Process> resolve(const Target& target);

} // namespace sig2pid
