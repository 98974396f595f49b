// SPDX-License-Identifier: BSD-2-Clause
// Plan, then act: every argument is judged and every target pinned before the first signal goes.
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/select.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/frozen_cgroup.hpp>
#include <sig2pid/selector.hpp>

#include <algorithm>
#include <cctype>

namespace sig2pid::cli {
namespace {

// Freezing takes less than a millisecond, but where a process waits for a disk.
constexpr std::chrono::seconds freeze_patience{2};

/// The arguments as they were typed.
struct Words {
    std::string signal = "TERM";
    std::string value;
    std::string scope = "process";
    SelectWords select;
    bool json = false;
    bool verbose = false;
};

/// What to do, all of it known to be good.
struct Plan {
    std::optional<Signal> signal; ///< none: only probe
    SendOptions options;
    Choice choice;
};

/// One of those selected.
struct Pinned {
    const std::string& text; ///< as it was named
    const Process& process;
    std::string name; ///< empty when it could not be read
};

/// How it ended for one target.
struct Report {
    std::optional<Verdict> verdict; ///< none: a probe found it, or an error that is no verdict
    std::optional<bool> blocked;
    std::optional<Error> error;
};

std::optional<int> parse_words(Words& words, int argc, char** argv) {
    CLI::App app("Send one signal to exactly the processes named.", "sig2pid send");
    app.add_option("-s,--signal", words.signal, "name or number; 0 only probes; default TERM")->type_name("SIG");
    app.add_option("-q,--value", words.value, "64-bit payload: decimal, 0x hexadecimal or negative")
        ->type_name("VALUE");
    app.add_option("--scope", words.scope, "process, thread (the main one) or group (that it leads)")
        ->type_name("SCOPE")
        ->check(CLI::IsMember({"process", "thread", "group"}));
    app.add_flag("--json", words.json, "one JSON object a target");
    app.add_flag("-v,--verbose", words.verbose, "a table of what became of each");
    add_select_options(app, words.select);
    add_caution_options(app, words.select);
    app.footer("Nothing is sent unless every target is there.\n\nExamples:\n  sig2pid send 1234\n"
               "  sig2pid send -s HUP name:nginx,user:root\n  sig2pid send -s RTMIN+3 -q 0xCAFE 1234:5678\n  sig2pid "
               "send -s 0 1234 && echo still there");
    return parse_arguments(app, argc, argv);
}

Scope parse_scope(std::string_view word) {
    return word == "thread" ? Scope::thread : word == "group" ? Scope::group : Scope::process;
}

Result<> plan_signal(const Words& words, Plan& plan) {
    plan.options.scope = parse_scope(words.scope);
    if (!words.value.empty()) {
        Result<Payload> payload = Payload::parse(words.value);
        if (!payload) {
            return forward_error(payload);
        }
        plan.options.payload = *payload;
    }
    if (words.signal == "0") {
        return {};
    }
    Result<Signal> signal = Signal::parse(words.signal);
    if (!signal) {
        return forward_error(signal);
    }
    plan.signal = *signal;
    return {};
}

/// Reads the words into `plan`, and reports everything that is wrong with them, not only the first.
bool make_plan(const Words& words, Plan& plan) {
    const Result<> planned = plan_signal(words, plan);
    if (!planned) {
        report("send", planned.error());
    }
    std::optional<Choice> choice = read_choice("send", words.select);
    if (!planned || !choice) {
        return false;
    }
    plan.choice = std::move(*choice);
    return true;
}

Json describe(std::string_view text, const Process* process, const Plan& plan, const Report& result) {
    Json line;
    line["target"] = text;
    line["pid"] = process != nullptr ? Json(process->pid()) : Json();
    line["inode"] = process != nullptr ? Json(process->inode()) : Json();
    line["signal"] = plan.signal ? Json(plan.signal->name()) : Json();
    line["value"] = plan.options.payload ? Json(plan.options.payload->bits) : Json();
    line["verdict"] = result.verdict ? Json(to_string(*result.verdict)) : Json();
    line["blocked"] = result.blocked ? Json(*result.blocked) : Json();
    line["error"] = result.error ? Json(result.error->message()) : Json();
    return line;
}

/// The more serious of two exit codes that stand for "nothing was done".
ExitCode worse(ExitCode left, ExitCode right) {
    return std::max(left, right);
}

/// Says which targets matched nothing; exit_done when there are none.
ExitCode refuse_misses(const Plan& plan, const Words& words, const ProcessSet& set) {
    const ExitCode code = report_misses("send", plan.choice, set);
    for (const ProcessSet::Miss& miss : words.json ? set.misses() : std::span<const ProcessSet::Miss>()) {
        const bool gone = miss.error.reason == Reason::gone;
        print_json(describe(plan.choice.targets[miss.argument].text(), nullptr, plan,
                            {gone ? std::optional(Verdict::gone) : std::nullopt, std::nullopt, miss.error}));
    }
    if (code != exit_done && !set.empty()) {
        report("send", "nothing was sent: the other targets were there, this was all or none");
    }
    return code;
}

/// What the error of a call comes to.
Report failed(const Error& error) {
    const Reason reason = error.reason;
    const bool denied =
        reason == Reason::no_permission || reason == Reason::foreign_namespace || reason == Reason::filtered;
    if (reason == Reason::gone) {
        return {Verdict::gone, std::nullopt, error};
    }
    return {denied ? std::optional(Verdict::denied) : std::nullopt, std::nullopt, error};
}

Report probe_target(const Process& process) {
    const Result<ProcessState> state = process.state();
    if (state && *state == ProcessState::zombie) {
        return {Verdict::zombie, false, std::nullopt};
    }
    const Result<> probed = probe(process);
    return probed ? Report{} : failed(probed.error());
}

/// Whether a look before the signal could change what becomes of it, or is asked for: a standard signal without a
/// payload is never lost, and whether it is ignored or pending already only a report tells.
bool needs_a_look(const Plan& plan, const Words& words) {
    return words.json || words.verbose || plan.options.payload || plan.options.scope == Scope::group ||
           plan.signal->is_realtime();
}

Report act_without_a_look(const Process& process, const Plan& plan) {
    const Result<ProcessState> state = process.state();
    if (state && *state == ProcessState::zombie) {
        return {Verdict::zombie, false, std::nullopt};
    }
    const Result<> sent = send(process, *plan.signal, plan.options.scope);
    return sent ? Report{Verdict::delivered, std::nullopt, std::nullopt} : failed(sent.error());
}

Report act(const Process& process, const Plan& plan, const Words& words) {
    if (!plan.signal) {
        return probe_target(process);
    }
    if (!needs_a_look(plan, words)) {
        return act_without_a_look(process, plan);
    }
    Result<Delivery> delivery = deliver(process, *plan.signal, plan.options);
    if (!delivery) {
        return {std::nullopt, std::nullopt, std::move(delivery).error()};
    }
    const auto blocked = delivery->looked ? std::optional(delivery->blocked) : std::nullopt;
    return {delivery->verdict, blocked, std::move(delivery->error)};
}

/// 0 also for what came to nothing without being an error: the target has it pending, or wants none.
ExitCode exit_code_of(const Report& result) {
    if (!result.verdict) {
        return result.error ? exit_system : exit_done;
    }
    switch (*result.verdict) {
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

std::string who(const Pinned& target) {
    const std::string pid = "process " + std::to_string(target.process.pid());
    return target.name.empty() ? pid : pid + " (" + target.name + ")";
}

/// What went wrong, for a person. The error of the library begins with the process too: that is cut.
std::string complaint(const Pinned& target, const Report& result) {
    if (result.verdict == Verdict::zombie) {
        return who(target) + ": zombie: it has exited and waits for its parent; no signal reaches it";
    }
    std::string why = result.error ? result.error->message() : "no reason was given";
    const std::string prefix = "process " + std::to_string(target.process.pid()) + ": ";
    if (why.starts_with(prefix)) {
        why.erase(0, prefix.size());
    }
    const std::string verdict = result.verdict ? std::string(to_string(*result.verdict)) + ": " : "";
    return who(target) + ": " + verdict + why;
}

std::vector<std::string> table_row(const Pinned& target, const Plan& plan, const Report& result) {
    std::string verdict = result.verdict ? std::string(to_string(*result.verdict)) : result.error ? "error" : "there";
    if (result.blocked.value_or(false)) {
        verdict += " (blocked: stays pending)";
    }
    return {target.process.token().to_string(), target.name, plan.signal ? plan.signal->name() : "0", verdict};
}

/// What a run comes to.
struct Tally {
    std::vector<std::vector<std::string>> rows = {{"PROCESS", "NAME", "SIGNAL", "VERDICT"}};
    std::size_t failed = 0;
    ExitCode code = exit_done;
};

/// Acts on one that has just been judged, and says how it went.
void act_on(Pinned target, const Result<>& judged, const Plan& plan, const Words& words, Tally& tally) {
    if (words.verbose) {
        target.name = name(target.process).value_or(""); // before it may be gone
    }
    const Report result =
        judged ? act(target.process, plan, words) : Report{Verdict::gone, std::nullopt, judged.error()};
    const ExitCode own = exit_code_of(result);
    tally.code = worse(tally.code, own);
    if (words.json) {
        print_json(describe(target.text, &target.process, plan, result));
    }
    if (words.verbose) {
        tally.rows.push_back(table_row(target, plan, result));
    }
    if (own != exit_done) {
        ++tally.failed;
        target.name = target.name.empty() ? name(target.process).value_or("") : target.name;
        report("send", complaint(target, result));
    }
}

/// Acts on each from the `first` on.
void act_from(std::size_t first, const Plan& plan, const Words& words, const ProcessSet& set, Tally& tally) {
    for (std::size_t i = first; i < set.size(); ++i) {
        const std::string& text = set.target(i).text();
        const Result<> pinned = set.with(i, [&](const Process& process) {
            act_on({text, process, {}}, set.judge_again(i, process), plan, words, tally);
        });
        if (!pinned) {
            ++tally.failed;
            tally.code = worse(tally.code, cli::exit_code_of(pinned.error()));
            report("send", pinned.error());
        }
    }
}

bool is_growing(const Plan& plan, const Words& words) {
    return !words.select.confirm && !words.select.newest && !words.select.oldest &&
           std::ranges::any_of(plan.choice.targets, &Target::can_grow);
}

/// Acts on each and on those that appear meanwhile, until there are no more, and sums up the exit code.
int act_on_all(const Plan& plan, const Words& words, ProcessSet& set) {
    Tally tally;
    std::size_t first = 0;
    for (bool more = true; more;) {
        act_from(first, plan, words, set, tally);
        first = set.size();
        const Result<std::size_t> found =
            plan.signal && is_growing(plan, words) ? select_more(plan.choice.options, set) : 0;
        more = found.value_or(0) > 0;
        if (!found) {
            report("send", found.error());
            tally.code = worse(tally.code, exit_system);
        }
    }
    if (words.verbose && !words.json) {
        print_table(tally.rows);
    }
    return tally.failed > 0 && tally.failed < set.size() ? exit_partial : tally.code;
}

/// Freezes the control groups that are meant as a whole. What cannot be frozen is signalled all the same, process by
/// process, until no new one appears.
std::vector<FrozenCgroup> freeze_groups(const Plan& plan, const Words& words) {
    std::vector<FrozenCgroup> frozen;
    const bool wanted = plan.signal && is_growing(plan, words) && !words.select.dry_run;
    for (const Target& target : plan.choice.targets) {
        const std::string path = wanted ? target.whole_cgroup() : std::string();
        if (path.empty()) {
            continue;
        }
        Result<FrozenCgroup> group = FrozenCgroup::freeze(path, freeze_patience);
        if (group) {
            frozen.push_back(std::move(*group));
        } else if (group.error().reason != Reason::unsupported && group.error().reason != Reason::bad_input) {
            report("send", group.error().message() + "; its processes are signalled while they run");
        }
    }
    return frozen;
}

/// A tree to be killed is stopped first: who is killed at once cannot fork any more, but what it forked loses its
/// parent.
void hold_trees(const Plan& plan, const Words& words, ProcessSet& set) {
    const bool tree = std::ranges::any_of(plan.choice.targets, &Target::has_tree);
    if (tree && plan.signal == Signal(SIGKILL) && is_growing(plan, words)) {
        if (const Result<> held = hold_still(plan.choice.options, set); !held) {
            report("send", held.error());
        }
    }
}

int send_to(const Plan& plan, const Words& words, ProcessSet& set) {
    if (const ExitCode code = refuse_misses(plan, words, set); code != exit_done) {
        return code;
    }
    if (words.select.dry_run) {
        return show(set, plan.signal.value_or(Signal(SIGTERM)), words.json ? Shown::json : Shown::table);
    }
    if (words.select.confirm && plan.signal) {
        if (const ExitCode code = ask_to_confirm("send", set, *plan.signal); code != exit_done) {
            return code;
        }
    }
    hold_trees(plan, words, set);
    return act_on_all(plan, words, set);
}

} // namespace

int send_command(int argc, char** argv) {
    if (const std::optional<int> code =
            refuse_negative_number(argc, argv, {"-s", "--signal", "-q", "--value", "--scope", "--max"})) {
        return *code;
    }
    Words words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    Plan plan;
    if (!make_plan(words, plan)) {
        return exit_usage;
    }
    const std::vector<FrozenCgroup> frozen = freeze_groups(plan, words);
    std::expected<ProcessSet, ExitCode> set = select_chosen("send", plan.choice);
    return set ? send_to(plan, words, *set) : set.error();
}

} // namespace sig2pid::cli
