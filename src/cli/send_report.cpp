// SPDX-License-Identifier: BSD-2-Clause
#include "cli/send_report.hpp"

#include "cli/json.hpp"
#include "cli/output.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sig2pid::cli {
namespace {

/// 0 also for what came to nothing without being an error: the target has it pending, or wants none.
ExitCode code_of(const Outcome& outcome) noexcept {
    if (!outcome.verdict) {
        return outcome.error ? exit_code_of(*outcome.error) : exit_done;
    }
    switch (*outcome.verdict) {
    case Verdict::delivered:
    case Verdict::coalesced:
    case Verdict::ignored:
        return exit_done;
    case Verdict::gone:
    case Verdict::zombie:
        return exit_no_target;
    default:
        return exit_system;
    }
}

Json describe(const std::string& text, const Token* token, const Sending& sending, const Outcome& outcome) {
    Json line;
    line["target"] = text;
    line["pid"] = token != nullptr ? Json(token->pid) : Json();
    line["inode"] = token != nullptr ? Json(token->inode) : Json();
    line["signal"] = sending.signal == "0" ? Json() : Json(sending.signal);
    line["value"] = sending.payload ? Json(sending.payload->bits) : Json();
    line["verdict"] = outcome.verdict ? Json(to_string(*outcome.verdict)) : Json();
    line["blocked"] = outcome.blocked;
    line["reason"] = outcome.denial ? Json(to_string(*outcome.denial)) : Json();
    line["error"] = outcome.error ? Json(outcome.error->message()) : Json();
    return line;
}

std::string who(const Recipient& recipient) {
    const std::string pid = "process " + std::to_string(recipient.token.pid);
    return recipient.name.empty() ? pid : pid + " (" + recipient.name + ")";
}

/// Why, where the verdict alone says it.
std::string reason_of(const Outcome& outcome) {
    switch (outcome.verdict.value_or(Verdict::delivered)) {
    case Verdict::zombie:
        return "it has exited and waits for its parent; no signal reaches it";
    case Verdict::unhandled:
        return "it neither catches nor blocks the signal, so nothing was sent";
    case Verdict::gone:
        return "it exited meanwhile";
    default:
        return "no reason was given";
    }
}

/// What went wrong, for a person. The error of the library begins with the process too: that is cut.
std::string complaint(const Recipient& recipient, const Outcome& outcome) {
    std::string why = outcome.error ? outcome.error->message() : reason_of(outcome);
    const std::string prefix = "process " + std::to_string(recipient.token.pid) + ": ";
    if (why.starts_with(prefix)) {
        why.erase(0, prefix.size());
    }
    const std::string denial = outcome.denial ? " (" + std::string(to_string(*outcome.denial)) + ")" : "";
    const std::string verdict = outcome.verdict ? std::string(to_string(*outcome.verdict)) + denial + ": " : "";
    return who(recipient) + ": " + verdict + why;
}

std::string verdict_text(const Outcome& outcome) {
    const std::string verdict = outcome.verdict ? std::string(to_string(*outcome.verdict))
                                : outcome.error ? "error"
                                                : "there";
    return outcome.blocked.value_or(false) ? verdict + " (blocked: stays pending)" : verdict;
}

} // namespace

Outcome outcome_of(const Process& process, Error error) {
    const std::optional<Denial> denial = denial_of(process, error);
    return {verdict_of(error), std::nullopt, denial, std::move(error)};
}

Outcome outcome_of(const Process& process, Result<Delivery> delivery) {
    if (!delivery) {
        return {.error = std::move(delivery).error()};
    }
    Outcome outcome = {.verdict = delivery->verdict, .error = std::move(delivery->error)};
    outcome.blocked = delivery->looked ? std::optional(delivery->blocked) : std::nullopt;
    outcome.denial = outcome.error ? denial_of(process, *outcome.error) : std::nullopt;
    return outcome;
}

void SendReports::add(const Recipient& recipient, const Outcome& outcome) {
    const ExitCode own = code_of(outcome);
    ++count_;
    code_ = std::max(code_, own);
    if (sending_.json) {
        say([line = describe(recipient.text, &recipient.token, sending_, outcome)] { print_json(line); });
    }
    if (sending_.verbose) {
        rows_.push_back({recipient.token.to_string(), recipient.name, sending_.signal, verdict_text(outcome)});
    }
    if (own != exit_done) {
        ++failed_;
        say([text = complaint(recipient, outcome)] { report("send", text); });
    } else if (outcome.error) {
        say([text = complaint(recipient, outcome)] { remark("note: " + text); });
    }
}

void SendReports::say(std::function<void()> words) {
    is_held_back_ ? held_back_.push_back(std::move(words)) : words();
}

bool SendReports::tells(const Outcome& outcome) const noexcept {
    return sending_.json || sending_.verbose || outcome.error || code_of(outcome) != exit_done;
}

void SendReports::add_error(const Error& error) {
    ++count_;
    ++failed_;
    code_ = std::max(code_, exit_code_of(error));
    say([error] { report("send", error); });
}

void SendReports::add_miss(const std::string& text, const Error& error) {
    ++count_;
    ++failed_;
    code_ = std::max(code_, exit_code_of(error));
    if (sending_.json) {
        const Outcome outcome = {.verdict = verdict_of(error), .denial = denial_of(error), .error = error};
        print_json(describe(text, nullptr, sending_, outcome));
    }
}

void SendReports::add_spared(const Recipient& recipient, const Error& why) const {
    if (sending_.json) {
        print_json(describe(recipient.text, &recipient.token, sending_, {.error = why}));
    }
}

int SendReports::finish() {
    for (const std::function<void()>& words : std::exchange(held_back_, {})) {
        words();
    }
    if (sending_.verbose && !sending_.json) {
        print_table(rows_);
    }
    return failed_ > 0 && failed_ < count_ ? exit_partial : code_;
}

} // namespace sig2pid::cli
