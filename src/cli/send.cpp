// SPDX-License-Identifier: BSD-2-Clause
// Plan, then act: every argument is judged and every target pinned before the first signal goes.
#include "cli/commands.hpp"
#include "cli/enders.hpp"
#include "cli/output.hpp"
#include "cli/send_plan.hpp"
#include "cli/send_report.hpp"
#include "cli/send_sweep.hpp"
#include "cli/send_whole.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/engine/task_source.hpp>
#include <sig2pid/selector.hpp>
#include <sig2pid/sweep.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace sig2pid::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// How long it is tried again where a queue is full: for all targets together, and until Ctrl-C.
class Retry {
public:
    /// \return the error of holding off what ends the command: with no patience nothing is.
    [[nodiscard]] static Result<Retry> start(std::chrono::nanoseconds how_long) {
        if (how_long == std::chrono::nanoseconds::zero()) {
            return Retry(how_long, std::nullopt);
        }
        Result<Enders> enders = Enders::hold({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP), Signal(SIGQUIT)});
        return enders ? Result<Retry>(Retry(how_long, std::move(*enders))) : forward_error(enders);
    }

    [[nodiscard]] std::chrono::nanoseconds left() const {
        return std::max(end_ - Clock::now(), Clock::duration::zero());
    }

    /// Readable when it is called off; -1 when it cannot be.
    [[nodiscard]] int cancel_fd() const noexcept { return enders_ ? enders_->fd() : -1; }

private:
    Retry(std::chrono::nanoseconds how_long, std::optional<Enders> enders)
        : end_(Clock::now() + how_long), enders_(std::move(enders)) {}

    Clock::time_point end_;
    std::optional<Enders> enders_;
};

Sending sending_of(const SendPlan& plan, const SendWords& words) {
    return {plan.signal ? plan.signal->name() : "0", plan.options.payload, words.json, words.verbose};
}

/// Says which targets matched nothing. A signal goes to all or to none, exit_done being to all; a probe tells of each.
ExitCode refuse_misses(const SendPlan& plan, const ProcessSet& set, SendReports& reports) {
    const ExitCode code = report_misses("send", plan.choice, set);
    for (const ProcessSet::Miss& miss : set.misses()) {
        reports.add_miss(plan.choice.targets[miss.argument].text(), miss.error);
    }
    if (code == exit_done || !plan.signal) {
        return exit_done;
    }
    const Error another_is_missing{ECANCELED, "send", "nothing was sent, as another target is not there",
                                   Reason::unspecified};
    for (std::size_t i = 0; i < set.size(); ++i) {
        reports.add_spared({set.target(i).text(), set[i].token(), ""}, another_is_missing);
    }
    if (!set.empty()) {
        report("send", "nothing was sent: the other targets were there, this was all or none");
    }
    return code;
}

Outcome probe_target(const Process& process, Scope scope) {
    const Result<> probed = probe(process, scope);
    return probed ? Outcome{} : outcome_of(process, probed.error());
}

/// Whether a look before the signal could change what becomes of it, or is asked for: a standard signal without a
/// payload is never lost, and whether it is ignored or pending already only a report tells.
bool needs_a_look(const SendPlan& plan, const SendWords& words) {
    return words.json || words.verbose || words.require_handler || words.via_module || plan.options.payload ||
           plan.options.scope == Scope::group || plan.signal->is_realtime();
}

Outcome send_without_a_look(const Process& process, const SendPlan& plan) {
    const Result<> sent = send(process, *plan.signal, plan.options.scope);
    return sent ? Outcome{.verdict = Verdict::delivered} : outcome_of(process, sent.error());
}

/// Acts on one that was no zombie a moment ago.
Outcome act_on_living(const Process& process, const SendPlan& plan, const SendWords& words, const Retry& retry) {
    if (!plan.signal) {
        return probe_target(process, plan.options.scope);
    }
    if (!needs_a_look(plan, words)) {
        return send_without_a_look(process, plan);
    }
    if (plan.module) {
        return outcome_of(process, plan.module->deliver(process, *plan.signal, plan.options));
    }
    SendOptions options = plan.options;
    options.retry = retry.left();
    options.cancel_fd = retry.cancel_fd();
    return outcome_of(process, deliver(process, *plan.signal, options));
}

Outcome act(const Process& process, const SendPlan& plan, const SendWords& words, const Retry& retry) {
    const Result<ProcessState> state = process.state();
    return state && *state == ProcessState::zombie ? Outcome{.verdict = Verdict::zombie, .blocked = false}
                                                   : act_on_living(process, plan, words, retry);
}

/// Acts on one that has just been judged. Its name is read before it may be gone.
void act_on(const std::string& text, const Process& process, const Result<>& judged,
            const std::function<Outcome()>& act, bool wants_name, SendReports& reports) {
    Recipient recipient = {text, wants_name ? process.token() : Token{process.pid(), process.inode(), std::nullopt},
                           wants_name ? name(process).value_or("") : ""};
    const Outcome outcome = judged ? act() : Outcome{.verdict = Verdict::gone, .error = judged.error()};
    if (outcome.error && recipient.name.empty()) {
        recipient.name = name(process).value_or("");
    }
    reports.add(recipient, outcome);
}

/// Acts on each and on those that appear meanwhile, until there are no more.
void act_on_all(const SendPlan& plan, const SendWords& words, ProcessSet& set, SendReports& reports) {
    const Result<Retry> retry = Retry::start(plan.retry);
    if (!retry) {
        reports.add_error(retry.error());
        return;
    }
    const bool grows = plan.signal && is_growing(plan.choice, words.select);
    // Who may get no signal in the end must not be stopped for it.
    const bool is_sure = plan.signal == Signal(SIGKILL) && !words.require_handler && !plan.options.payload;
    ActOptions options{grows ? Newcomers::matching : Newcomers::none, is_sure ? Trees::stopped : Trees::running,
                       plan.choice.options};
    options.select.cancel_fd = retry->cancel_fd();
    const auto act_on_one = [&](std::size_t i, const Process* process, const Result<>& held) {
        if (process == nullptr) {
            const bool gone = held.error().reason == Reason::gone;
            reports.add({set.target(i).text(), set[i].token(), ""},
                        {.verdict = gone ? std::optional(Verdict::gone) : std::nullopt, .error = held.error()});
            return;
        }
        act_on(
            set.target(i).text(), *process, held, [&] { return act(*process, plan, words, *retry); }, words.verbose,
            reports);
    };
    if (const Result<> acted = sig2pid::act_on_all(set, options, act_on_one); !acted) {
        reports.add_error(acted.error());
    }
}

/// Whether it is nothing but a signal to all that one target matches.
bool is_plain(const SendPlan& plan, const SendWords& words) {
    const SelectOptions& options = plan.choice.options;
    const bool sends_only = plan.signal && !plan.options.payload && plan.options.scope == Scope::process &&
                            !words.require_handler && !words.via_module && !words.select.confirm &&
                            !words.select.dry_run;
    const bool takes_all = !options.max && options.pick == Pick::all && options.pidfile_lock == PidfileLock::any;
    return sends_only && takes_all && plan.choice.targets.size() == 1 && !plan.choice.targets[0].names_one();
}

bool prefers_kernel(const SelectOptions& options, const Target& target) {
    return options.backend == Backend::bpf ||
           (options.backend == Backend::automatic && engine::TaskSource().is_worth_it(target));
}

Outcome kernel_outcome(const engine::Signalled& one) {
    return {.verdict = one.verdict, .blocked = one.blocked};
}

/// What the kernel left to us, by pidfd.
Outcome send_after_all(const engine::Signalled& one, const SendPlan& plan) {
    const Result<Process> process = Process::from_token(one.token());
    return process ? outcome_of(*process, deliver(*process, *plan.signal, plan.options))
                   : Outcome{.verdict = Verdict::gone, .error = process.error()};
}

/// The plain send in one step with the selection; nothing where that is not possible, or nothing matched, or the kernel
/// refused before anybody was signalled and BPF was not asked for: then the long way does it, or says why not.
std::optional<int> send_in_kernel(const SendPlan& plan, const SendWords& words, SendReports& reports) {
    const Target& target = plan.choice.targets[0];
    if (!is_plain(plan, words) || !prefers_kernel(plan.choice.options, target)) {
        return std::nullopt;
    }
    std::vector<engine::Signalled> told;
    std::size_t untold = 0;
    const auto signalled = engine::signal_matching(target, *plan.signal, [&](const engine::Signalled& one) {
        one.verdict && !reports.tells(kernel_outcome(one)) ? static_cast<void>(++untold) : told.push_back(one);
    });
    const bool is_optional = plan.choice.options.backend != Backend::bpf;
    if (told.empty() && untold == 0 && (signalled || is_optional)) {
        return std::nullopt;
    }
    reports.add_untold(untold);
    std::ranges::sort(told, {}, &engine::Signalled::pid);
    for (const engine::Signalled& one : told) {
        reports.add({target.text(), one.token(), one.name},
                    one.verdict ? kernel_outcome(one) : send_after_all(one, plan));
    }
    if (!signalled) {
        reports.add_error(signalled.error());
    }
    return reports.finish();
}

/// Whether each can be signalled as soon as it is found: nothing hangs on how many there are, and /proc is where to
/// look.
bool is_for_sweep(const SendPlan& plan, const SendWords& words) {
    const SelectOptions& options = plan.choice.options;
    const bool takes_all = !options.max && options.pick == Pick::all && !words.select.confirm && !words.select.dry_run;
    return takes_all && !plan.module && plan.choice.targets.size() == 1 && can_sweep(plan.choice.targets[0]) &&
           !prefers_kernel(options, plan.choice.targets[0]);
}

/// Whether what the target means may be zombies.
bool may_mean_zombies(const Target& target) {
    return std::ranges::find(target.conditions(), Condition::Kind::state, &Condition::kind) !=
           target.conditions().end();
}

int send_in_a_sweep(const SendPlan& plan, const SendWords& words, SendReports& reports) {
    const Result<Retry> retry = Retry::start(plan.retry);
    if (!retry) {
        return fail("send", retry.error());
    }
    const Target& target = plan.choice.targets[0];
    const bool zombies_too = may_mean_zombies(target);
    const auto send_one = [&](const Process& process) {
        return zombies_too ? act(process, plan, words, *retry) : act_on_living(process, plan, words, *retry);
    };
    const Names names = words.verbose ? Names::told : Names::untold;
    return send_in_a_sweep(target, send_one, names, retry->cancel_fd(), reports);
}

/// --dry-run and --confirm: exit_done to go on.
std::optional<int> show_or_ask(const SendPlan& plan, const SelectWords& select, const ProcessSet& set, Shown how) {
    const Signal signal = plan.signal.value_or(Signal(SIGTERM));
    if (select.dry_run) {
        return show("send", set, signal, how);
    }
    const ExitCode code = select.confirm && plan.signal ? ask_to_confirm("send", set, signal) : exit_done;
    return code == exit_done ? std::nullopt : std::optional<int>(code);
}

/// What there is to say before any signal goes, by all that it will reach; nothing to go on.
std::optional<int> prepare(const SendPlan& plan, const SendWords& words, const ProcessSet& set, SendReports& reports) {
    const SelectWords& select = words.select;
    if (const ExitCode code = refuse_misses(plan, set, reports); code != exit_done) {
        return code;
    }
    const Shown how = words.json ? Shown::json : Shown::table;
    if (plan.options.scope != Scope::group || set.empty()) {
        return show_or_ask(plan, select, set, how);
    }
    const Result<ProcessSet> groups = groups_of(set, plan.choice);
    if (!groups) {
        for (std::size_t i = 0; i < set.size(); ++i) {
            reports.add_spared({set.target(i).text(), set[i].token(), ""}, groups.error());
        }
        return fail("send", groups.error());
    }
    return show_or_ask(plan, select, *groups, how);
}

/// Whether it lasts until no new process appears, nobody of a group running meanwhile. Not with --retry: who is frozen
/// takes nothing out of its queue.
bool holds_all(const SendPlan& plan, const SendWords& words) {
    return plan.signal && is_growing(plan.choice, words.select) && !words.select.dry_run &&
           plan.retry == std::chrono::nanoseconds::zero();
}

int send_by_pidfd(const SendPlan& plan, const SendWords& words, SendReports& reports) {
    std::optional<Receiver> enders;
    std::optional<FrozenTargets> frozen;
    if (holds_all(plan, words)) {
        reports.hold_back();
        enders = hold_off_enders("send");
        frozen.emplace(freeze_groups("send", plan.choice));
    }
    Result<ProcessSet> set = select_choice(plan.choice);
    if (!set || !set->misses().empty()) {
        frozen.reset(); // before a word is said: see SendReports::hold_back()
    }
    if (!set) {
        return fail("send", set.error());
    }
    if (const std::optional<int> code = prepare(plan, words, *set, reports)) {
        return *code;
    }
    const bool is_whole = plan.signal == Signal(SIGKILL) && frozen && is_all_of(*frozen, *set);
    act_on_all(plan, words, *set, reports);
    const Result<> killed = is_whole && !reports.has_failed() ? frozen->kill() : Result<>();
    frozen.reset();
    if (!killed && killed.error().code != ENOENT) { // before Linux 5.14 there is no cgroup.kill
        reports.add_error(killed.error());
    }
    return reports.finish();
}

} // namespace

int send_command(int argc, char** argv) {
    if (const std::optional<int> code = refuse_negative_number(argc, argv, SignalWord::option)) {
        return *code;
    }
    SendWords words;
    if (const std::optional<int> code = parse_send_words(words, argc, argv)) {
        return *code;
    }
    SendPlan plan;
    if (const ExitCode code = make_send_plan(words, plan); code != exit_done) {
        return code;
    }
    outlive_readers();
    SendReports reports(sending_of(plan, words));
    if (const std::optional<int> code = send_in_kernel(plan, words, reports)) {
        return *code;
    }
    return is_for_sweep(plan, words) ? send_in_a_sweep(plan, words, reports) : send_by_pidfd(plan, words, reports);
}

} // namespace sig2pid::cli
