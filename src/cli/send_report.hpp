// SPDX-License-Identifier: BSD-2-Clause
// What became of each target of `send`: told as it happens, and summed up as the exit code.
#pragma once

#include "cli/exit_code.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/denial.hpp>
#include <sig2pid/verdict.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sig2pid::cli {

/// How it ended for one target.
struct Outcome {
    std::optional<Verdict> verdict = std::nullopt; ///< none: a probe found it, or an error that is no verdict
    std::optional<bool> blocked = std::nullopt;
    std::optional<Denial> denial = std::nullopt;
    std::optional<Error> error = std::nullopt;
};

/// What the error of a call to the process comes to.
[[nodiscard]] Outcome outcome_of(const Process& process, Error error);

/// What deliver() returned.
[[nodiscard]] Outcome outcome_of(const Process& process, Result<Delivery> delivery);

/// Whom it is about.
struct Recipient {
    const std::string& text; ///< as it was named
    Token token;
    std::string name; ///< empty when it was not asked for, or could not be read
};

/// What is said in every line.
struct Sending {
    std::string signal; ///< "0" for a probe
    std::optional<Payload> payload;
    bool json = false;
    bool verbose = false;
};

class SendReports {
public:
    explicit SendReports(Sending sending) : sending_(std::move(sending)) {}

    void add(const Recipient& recipient, const Outcome& outcome);

    /// Whether add() would have anything to print. Safe from several threads.
    [[nodiscard]] bool tells(const Outcome& outcome) const noexcept;

    /// So many of which there is nothing to print.
    void add_untold(std::size_t count) noexcept { count_ += count; }

    /// One that could not be acted upon at all.
    void add_error(const Error& error);

    /// A target that matched nothing. It is reported already, but not in JSON.
    void add_miss(const std::string& text, const Error& error);

    /// In JSON, one that was there and was sent nothing, and why.
    void add_spared(const Recipient& recipient, const Error& why) const;

    /// Whether any of those that were added came to an error.
    [[nodiscard]] bool has_failed() const noexcept { return failed_ > 0; }

    /// From now on what there is to say waits until finish(): while processes are frozen or stopped, a reader that does
    /// not read, or is one of them, must not hold up what lets them go on.
    void hold_back() noexcept { is_held_back_ = true; }

    /// Prints what was held back and the table, and gives the exit code.
    [[nodiscard]] int finish();

private:
    void say(std::function<void()> words);

    Sending sending_;
    bool is_held_back_ = false;
    std::vector<std::function<void()>> held_back_;
    std::vector<std::vector<std::string>> rows_ = {{"PROCESS", "NAME", "SIGNAL", "VERDICT"}};
    std::size_t count_ = 0, failed_ = 0;
    ExitCode code_ = exit_done;
};

} // namespace sig2pid::cli
