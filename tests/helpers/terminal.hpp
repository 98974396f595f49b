// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/unique_fd.hpp>

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sig2pid::test {

/// A running program whose standard streams and controlling terminal are a pseudo terminal. Killed with this object.
class Terminal {
public:
    explicit Terminal(const std::vector<std::string>& argv);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// Whether the program has written this, within ten seconds.
    [[nodiscard]] bool shows(std::string_view text);

    void type(std::string_view text) const;

    /// Waits for the end: the exit status, or 128 + signal.
    int finish();

    /// All that was written until now.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    [[nodiscard]] bool read_some();

    UniqueFd master_;
    pid_t pid_ = -1;
    std::string text_;
};

} // namespace sig2pid::test
