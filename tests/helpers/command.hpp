// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/process.hpp>
#include <sig2pid/unique_fd.hpp>

#include <string>
#include <vector>

namespace sig2pid::test {

/// How a program ended and what it wrote.
struct Outcome {
    int status = -1; ///< exit status, or 128 + signal
    std::string out;
    std::string err;
};

/// A running program whose standard output and standard error are read through pipes. Killed with this object.
class Command {
public:
    explicit Command(const std::vector<std::string>& argv);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The next line of standard output or error, without its newline; what there is when the program ends, or after
    /// ten seconds.
    std::string read_out_line() { return read_line(out_.get(), out_rest_); }
    std::string read_err_line() { return read_line(err_.get(), err_rest_); }

    /// Waits for the end and gives what was not read yet.
    Outcome finish();

private:
    static std::string read_line(int fd, std::string& rest);

    pid_t pid_ = -1;
    UniqueFd out_;
    UniqueFd err_;
    std::string out_rest_;
    std::string err_rest_;
};

/// Runs a program to its end.
Outcome run(const std::vector<std::string>& argv);

} // namespace sig2pid::test
