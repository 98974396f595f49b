// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/enders.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/stop_report.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/engine/task_source.hpp>
#include <sig2pid/process_info.hpp>

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

using std::chrono::nanoseconds;

struct StopWords {
    std::vector<std::string> steps;
    std::string timeout;
    SelectWords select;
    bool tree = false;
    bool json = false;

    [[nodiscard]] Format format() const { return json ? Format::json : Format::text; }
};

struct StopPlan {
    Escalation escalation;
    std::optional<nanoseconds> timeout;
};

std::optional<int> parse_words(StopWords& words, int argc, char** argv) {
    Arguments arguments("sig2pid stop",
                        "End processes for sure: a ladder of signals, all targets at once, until they are gone.");
    arguments.values("--step", words.steps, "SIG@DUR",
                     "send SIG that long after the start; repeated; default TERM@0s KILL@10s");
    arguments.value("--timeout", words.timeout, "DUR", "the deadline of the whole: then end with code 124");
    arguments.flag("--tree", words.tree, "their descendants too, also those that appear meanwhile");
    arguments.flag("--json", words.json, "one JSON object a process");
    add_select_options(arguments, words.select);
    add_caution_options(arguments, words.select);
    arguments.footer("Ctrl-C ends it, and says what was sent.\n\nExamples:\n  sig2pid stop 1234\n"
                     "  sig2pid stop --step INT@0s --step TERM@5s --step KILL@30s pidfile:/run/job.pid\n"
                     "  sig2pid stop --tree --timeout 1m name:build,user:ci");
    return arguments.parse(argc, argv);
}

Result<Escalation> read_ladder(const std::vector<std::string>& words) {
    if (words.empty()) {
        return Escalation();
    }
    std::vector<EscalationStep> steps;
    for (const std::string& word : words) {
        Result<EscalationStep> step = EscalationStep::parse(word);
        if (!step) {
            return forward_error(step);
        }
        steps.push_back(*step);
    }
    return Escalation::make(std::move(steps));
}

/// A step that would never come is a mistake when it was asked for; the default ladder is only cut short.
Result<> check_reach(const StopPlan& plan, const StopWords& words) {
    const EscalationStep& last = plan.escalation.steps().back();
    if (!plan.timeout || last.after < *plan.timeout) {
        return {};
    }
    const std::string text = last.to_string() + " lies beyond the timeout of " + format_duration(*plan.timeout);
    if (words.steps.empty()) {
        remark("note: " + text + ": it will not be sent");
        return {};
    }
    return failure(EINVAL, "stop", "step " + text, Reason::bad_input);
}

Result<StopPlan> make_plan(const StopWords& words) {
    Result<Escalation> escalation = read_ladder(words.steps);
    if (!escalation) {
        return forward_error(escalation);
    }
    StopPlan plan{std::move(*escalation), std::nullopt};
    if (!words.timeout.empty()) {
        Result<nanoseconds> timeout = parse_duration(words.timeout);
        if (!timeout) {
            return forward_error(timeout);
        }
        plan.timeout = *timeout;
    }
    if (Result<> reached = check_reach(plan, words); !reached) {
        return forward_error(reached);
    }
    return plan;
}

/// Whether the target means something whole. Children alone are none: their parent lives, and may start others in their
/// place for ever.
bool is_whole(const Target& target) {
    using Kind = Condition::Kind;
    return std::ranges::any_of(target.conditions(), [](const Condition& condition) {
        return condition.kind == Kind::tree || condition.kind == Kind::cgroup || condition.kind == Kind::unit;
    });
}

/// Whoever comes to match while it runs is meant too, unless just these were picked, or shown and agreed to.
Newcomers newcomers_of(const StopWords& words, const Chosen& chosen) {
    const SelectWords& select = words.select;
    const bool is_fixed = select.confirm || ((select.newest || select.oldest) && !words.tree);
    return !is_fixed && std::ranges::any_of(chosen.set.targets(), is_whole) ? Newcomers::matching : Newcomers::none;
}

std::expected<Chosen, ExitCode> choose_all(const StopWords& words) {
    auto chosen = choose("stop", words.select, words.format());
    return chosen && words.tree ? with_trees("stop", *chosen, words.select, words.format()) : std::move(chosen);
}

/// An explicit target may be the shell that runs this; it is done, but not without a word.
void warn_of_ancestors(const Chosen& chosen) {
    for (const pid_t pid : ancestors().value_or(std::vector<pid_t>())) { // only a remark is at stake
        const auto is_it = [pid](const ProcessSet::Member& member) { return member.pid == pid; };
        const auto found = std::ranges::find_if(chosen.set.members(), is_it);
        if (found != chosen.set.members().end()) {
            remark("note: " + chosen.who(static_cast<std::size_t>(found - chosen.set.members().begin())) +
                   " is an ancestor of this command");
        }
    }
}

int run(const StopPlan& plan, const StopWords& words, Chosen& chosen) {
    const Result<Enders> enders = Enders::hold({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP), Signal(SIGQUIT)});
    if (!enders) {
        return fail("stop", enders.error());
    }
    ProgressLine line;
    EscalationOptions options;
    options.timeout = plan.timeout;
    options.cancel_fd = enders->fd();
    options.observer = [&](const EscalationProgress& progress) { line.show(text_of(progress)); };
    options.newcomers = newcomers_of(words, chosen);
    engine::TaskSource source;
    options.select = chosen.options;
    options.select.source = &source;
    const Result<EscalationReport> ended = plan.escalation.run(chosen.set, options);
    line.clear();
    if (!ended) {
        return fail("stop", ended.error());
    }
    print_endings(*ended, chosen, words.format());
    warn_of_unseen(*ended, chosen);
    return conclude(*ended, chosen);
}

} // namespace

int stop_command(int argc, char** argv) {
    if (const std::optional<int> code = refuse_negative_number(argc, argv, SignalWord::step)) {
        return *code;
    }
    StopWords words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    const Result<StopPlan> plan = make_plan(words);
    if (!plan) {
        return fail("stop", plan.error());
    }
    auto chosen = choose_all(words);
    if (!chosen) {
        return chosen.error();
    }
    outlive_readers();
    warn_of_ancestors(*chosen);
    const Signal first = plan->escalation.steps().front().signal;
    if (words.select.dry_run) {
        const ExitCode code = show("stop", chosen->set, first, words.json ? Shown::json : Shown::table);
        return code == exit_done && chosen->misses_some ? exit_partial : code;
    }
    if (words.select.confirm) {
        if (const ExitCode code = ask_to_confirm("stop", chosen->set, first); code != exit_done) {
            return code;
        }
    }
    return run(*plan, words, *chosen);
}

} // namespace sig2pid::cli
