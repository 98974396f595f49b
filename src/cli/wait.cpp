// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/enders.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/targets.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/wait.hpp>

#include <algorithm>
#include <csignal>

namespace sig2pid::cli {
namespace {

struct WaitWords {
    std::string timeout;
    SelectWords select;
    bool any = false;
    bool json = false;
};

std::optional<int> parse_words(WaitWords& words, int argc, char** argv) {
    Arguments arguments("sig2pid wait", "Wait until processes have exited, anyone's, and say how.");
    arguments.value("--timeout", words.timeout, "DUR", "end with code 124 after this time: 250ms, 10s, 2m");
    arguments.flag("--any", words.any, "until one of them has exited");
    arguments.flag("--json", words.json, "one JSON object a target");
    add_select_options(arguments, words.select);
    arguments.footer("Examples:\n  sig2pid wait 1234\n  sig2pid wait --timeout 30s --any 1234 5678\n"
                     "  sig2pid wait --json pidfile:/run/job.pid");
    return arguments.parse(argc, argv);
}

class Report {
public:
    Report(const WaitWords& words, const Chosen& chosen)
        : words_(words), chosen_(chosen), has_exited_(chosen.set.size(), false) {}

    void tell(const Exit& exit) {
        has_exited_[exit.index] = true;
        ++exited_;
        line_.clear();
        words_.json ? print_exit(exit) : print_line(printable(chosen_.who(exit.index)) + " " + exit.status.to_string());
        show_progress();
    }

    void show_progress() {
        const std::size_t left = chosen_.set.size() - exited_;
        if (left > 0) {
            line_.show("waiting: " + std::to_string(left) + " of " + std::to_string(chosen_.set.size()) + " left");
        }
    }

    /// Those that are still there, which only JSON lists one by one.
    void tell_rest() {
        line_.clear();
        for (std::size_t i = 0; words_.json && i < has_exited_.size(); ++i) {
            if (!has_exited_[i]) {
                Json line = json_of(chosen_, i);
                line["exited"] = false;
                line["after_ns"] = nullptr;
                add_status(line, {});
                print_json(line);
            }
        }
    }

    [[nodiscard]] std::size_t exited() const { return exited_; }

    /// "3 of 4 are still there, process 12 (sleep) for one".
    [[nodiscard]] std::string left() const {
        const auto first = std::ranges::find(has_exited_, false) - has_exited_.begin();
        const std::size_t count = chosen_.set.size() - exited_;
        return std::to_string(count) + " of " + std::to_string(chosen_.set.size()) + " still there, " +
               chosen_.who(static_cast<std::size_t>(first)) + (count > 1 ? " for one" : "");
    }

private:
    void print_exit(const Exit& exit) const {
        Json line = json_of(chosen_, exit.index);
        line["exited"] = true;
        line["after_ns"] = std::chrono::nanoseconds(exit.at - start_).count();
        add_status(line, exit.status);
        print_json(line);
    }

    const WaitWords& words_;
    const Chosen& chosen_;
    std::vector<bool> has_exited_;
    std::size_t exited_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    ProgressLine line_;
};

int conclude(WaitEnd end, const Report& outcome, const Chosen& chosen) {
    switch (end) {
    case WaitEnd::done:
        return chosen.set.misses().empty() ? exit_done : exit_partial;
    case WaitEnd::timed_out:
        report("wait", "timed out: " + outcome.left());
        return exit_timed_out;
    case WaitEnd::cancelled:
        report("wait", "interrupted: " + outcome.left());
        return outcome.exited() > 0 ? exit_partial : exit_system;
    }
    return exit_system;
}

int wait_for(const WaitWords& words, Chosen& chosen, std::optional<std::chrono::nanoseconds> timeout) {
    const Result<Enders> enders = Enders::hold({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP)});
    if (!enders) {
        report("wait", enders.error());
        return exit_system;
    }
    Report outcome(words, chosen);
    outcome.show_progress();
    const WaitOptions options{deadline_after(timeout), enders->fd(), [&](const Exit& exit) { outcome.tell(exit); }};
    const Result<WaitResult> result = words.any ? wait_any(chosen.set, options) : wait_all(chosen.set, options);
    outcome.tell_rest();
    if (!result) {
        report("wait", result.error());
        return exit_system;
    }
    return conclude(result->end, outcome, chosen);
}

} // namespace

int wait_command(int argc, char** argv) {
    if (const std::optional<int> code = refuse_negative_number(argc, argv, SignalWord::none)) {
        return *code;
    }
    WaitWords words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    std::optional<std::chrono::nanoseconds> timeout;
    if (!words.timeout.empty()) {
        const Result<std::chrono::nanoseconds> parsed = parse_duration(words.timeout);
        if (!parsed) {
            report("wait", parsed.error());
            return exit_usage;
        }
        timeout = *parsed;
    }
    auto chosen = choose("wait", words.select, words.json ? Format::json : Format::text);
    if (!chosen) {
        return chosen.error();
    }
    if (words.any && !chosen->set.misses().empty()) {
        return exit_no_target; // an exit that was missed must not be waited for
    }
    return wait_for(words, *chosen, timeout);
}

} // namespace sig2pid::cli
