// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sig2pid::bench {

/// A program that runs beside the measure. What it prints, errors too, comes through a pipe. Killed with this object.
class Program {
public:
    explicit Program(const std::vector<std::string>& words);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Waits until it has printed this, at most ten seconds; throws with its own words when it ends before.
    void wait_for(std::string_view text);

    /// Sends SIGINT and waits for its end. Gives all that it printed.
    std::string interrupt();

    /// The most resident memory so far, in KiB (VmHWM).
    [[nodiscard]] long peak_kib() const;

private:
    bool read_more(int timeout_ms);

    pid_t pid_ = -1;
    int output_ = -1;
    std::string printed_;
};

/// Runs a program to its end with nothing to read and nowhere to print. Gives the exit status.
int run_to_end(const std::vector<std::string>& words);

struct Ended {
    int status = 0;    ///< as waitpid(2) gives it
    long peak_kib = 0; ///< the most resident memory
};

/// Likewise, as another user.
Ended run_as(const std::vector<std::string>& words, uid_t user);

/// A whole file of /proc; empty when it is gone.
[[nodiscard]] std::string read_text(const std::string& path);

/// The number after `key` at the start of a line, or -1.
[[nodiscard]] long number_after(std::string_view text, std::string_view key);

} // namespace sig2pid::bench
