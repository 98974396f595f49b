// SPDX-License-Identifier: BSD-2-Clause
#include "lib/escalation_climb.hpp"

#include <sig2pid/send.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

/// What ends at once at a signal needs no look in /proc, and most does: who is left after this time is looked at.
constexpr auto look_after = std::chrono::milliseconds(20);

constexpr int most_rounds = 1000; ///< of looking for newcomers while all that are known stand still

/// A signal that leaves its target stopped, or is itself the end of that: no SIGCONT may follow.
bool is_about_stopping(Signal signal) {
    return signal.default_action() == DefaultAction::stop || signal.number() == SIGCONT;
}

Deadline earlier(Deadline left, Deadline right) {
    return left && right ? std::min(*left, *right) : left ? left : right;
}

bool has_come(Deadline moment) {
    return moment && std::chrono::steady_clock::now() >= *moment;
}

/// Whether it is gone or refuses is told by the signals that matter.
void let_go_on(const Process& process) {
    [[maybe_unused]] const Result<> sent = send(process, Signal(SIGCONT));
}

} // namespace

Climb::Climb(const std::vector<EscalationStep>& steps, const EscalationOptions& options, ExitWatch watch)
    : steps_(steps), options_(options), watch_(std::move(watch)), deadline_(deadline_after(options.timeout)) {}

Result<Climb> Climb::start(const std::vector<EscalationStep>& steps, std::span<const Process> targets,
                           const EscalationOptions& options) {
    Result<ExitWatch> watch = ExitWatch::make(options.cancel_fd);
    if (!watch) {
        return forward_error(watch);
    }
    Climb climb(steps, options, std::move(*watch));
    climb.members_.reserve(targets.size());
    for (const Process& target : targets) {
        climb.known_.emplace(target.pid(), target.inode());
        if (Result<> added = climb.add(target); !added) {
            return forward_error(added);
        }
    }
    return climb;
}

Result<> Climb::add(const Process& process) {
    Result<> watched = watch_.add(process, members_.size());
    if (!watched) {
        return watched;
    }
    Member member;
    member.process = &process;
    member.ending.index = members_.size();
    members_.push_back(std::move(member));
    ++waited_for_;
    return {};
}

Result<bool> Climb::adopt(Process process) {
    if (!known_.emplace(process.pid(), process.inode()).second) {
        return false;
    }
    appeared_.push_back(std::move(process));
    Result<> added = add(appeared_.back());
    return added ? Result<bool>(true) : forward_error(added);
}

/// Takes in what belongs to the targets now; how many were new.
Result<std::size_t> Climb::adopt_more() {
    if (!options_.more) {
        return 0;
    }
    Result<std::vector<Process>> found = options_.more();
    if (!found) {
        return forward_error(found);
    }
    std::size_t count = 0;
    for (Process& process : *found) {
        Result<bool> is_new = adopt(std::move(process));
        if (!is_new) {
            return forward_error(is_new);
        }
        count += *is_new ? 1U : 0U;
    }
    return count;
}

Result<EscalationReport> Climb::finish() {
    Result<bool> going_on = drain(); // who has exited already, needs no signal
    while (going_on && *going_on) {
        going_on = advance();
    }
    if (!going_on) {
        return forward_error(going_on);
    }
    return report();
}

/// Does what is due and waits for the next event; false when it is over.
Result<bool> Climb::advance() {
    if (is_time_over()) {
        return false;
    }
    if (Result<> stepped = take_steps(); !stepped) {
        return forward_error(stepped);
    }
    if (has_come(next_look_)) {
        look_at_all();
    }
    if (waited_for_ == 0) {
        if (Result<> searched = search_once_more(); !searched) {
            return forward_error(searched);
        }
    }
    return waited_for_ == 0 ? Result<bool>(false) : wait(next_moment());
}

bool Climb::is_time_over() {
    if (has_come(deadline_)) {
        end_ = EscalationEnd::timed_out;
        return true;
    }
    return has_come(patience_);
}

Result<> Climb::take_steps() {
    while (taken_ < steps_.size() && waited_for_ > 0 && has_come(start_ + steps_[taken_].after)) {
        if (Result<> taken = take_step(); !taken) {
            return taken;
        }
    }
    return {};
}

Result<> Climb::take_step() {
    const Signal signal = steps_[taken_].signal;
    if (Result<> frozen = freeze(); !frozen) {
        return frozen;
    }
    if (taken_ == 0) {
        judge_all();
    }
    ++taken_;
    for (Member& member : members_) {
        signal_one(member, signal);
    }
    if (!is_about_stopping(signal)) {
        thaw();
    }
    next_look_ = Clock::now() + look_after;
    if (taken_ == steps_.size() && signal.number() == SIGKILL && !deadline_) {
        patience_ = Clock::now() + options_.kill_patience;
    }
    observe();
    return {};
}

/// Stops all members, until no new one has appeared while all stood still: then no fork is in flight, for fork(2) fails
/// with a signal pending and begins anew.
Result<> Climb::freeze() {
    if (!options_.more) {
        return {};
    }
    Result<> frozen = freeze_all();
    if (!frozen) {
        thaw(); // an error must not leave them standing
    }
    return frozen;
}

Result<> Climb::freeze_all() {
    for (int round = 0; round < most_rounds; ++round) {
        for (Member& member : members_) {
            if (is_waited_for(member) && !member.frozen) {
                member.frozen = send(*member.process, Signal(SIGSTOP)).has_value();
            }
        }
        Result<std::size_t> found = adopt_more();
        if (!found) {
            return forward_error(found);
        }
        if (*found == 0) {
            return {};
        }
    }
    return failure(ELOOP, "escalation", "new processes appear faster than they can be stopped");
}

void Climb::thaw() {
    for (Member& member : members_) {
        if (std::exchange(member.frozen, false)) {
            let_go_on(*member.process);
        }
    }
}

void Climb::judge_all() {
    const std::size_t targets = members_.size() - appeared_.size();
    for (Member& member : std::span(members_).first(options_.judge ? targets : 0)) {
        if (!is_waited_for(member)) {
            continue;
        }
        Result<> judged = options_.judge(member.ending.index, *member.process);
        if (!judged && judged.error().reason != Reason::gone) { // of those that are gone the watch will tell
            give_up(member, Survival::refused, std::move(judged).error());
        }
    }
}

void Climb::signal_one(Member& member, Signal signal) {
    if (!is_waited_for(member)) {
        return;
    }
    Result<> sent = send(*member.process, signal);
    if (sent) {
        member.first_step = member.ending.last_sent ? member.first_step : taken_ - 1;
        member.ending.last_sent = signal;
    } else if (sent.error().reason != Reason::gone) { // of those that are gone the watch will tell
        give_up(member, Survival::refused, std::move(sent).error());
    }
}

void Climb::give_up(Member& member, Survival survival, std::optional<Error> error) {
    member.given_up = true;
    member.ending.survival = survival;
    member.ending.error = std::move(error);
    --waited_for_;
}

void Climb::look_at_all() {
    next_look_ = std::nullopt;
    for (Member& member : members_) {
        if (is_waited_for(member)) {
            look_at(member);
        }
    }
}

/// A stopped process takes its signals when it goes on; from one that discards them all, nothing is to be expected.
void Climb::look_at(Member& member) {
    const Result<SignalStatus> status = signal_status(*member.process);
    if (!status) {
        return;
    }
    if (status->state == 'T' && !is_about_stopping(steps_[taken_ - 1].signal)) {
        let_go_on(*member.process);
    }
    const auto discards = [&](const EscalationStep& step) {
        return is_shielded(*member.process, *status, step.signal);
    };
    if (std::ranges::all_of(steps_, discards)) {
        give_up(member, Survival::shielded, std::nullopt);
    }
}

/// Waits for events; false when it was cancelled.
Result<bool> Climb::wait(Deadline until) {
    Result<ExitWatch::Events> events = watch_.wait(until);
    if (!events) {
        return forward_error(events);
    }
    for (const std::size_t index : events->exited) {
        note_exit(members_[index]);
    }
    if (!events->exited.empty()) {
        observe();
    }
    if (events->cancelled) {
        end_ = EscalationEnd::cancelled;
    }
    return !events->cancelled;
}

/// Takes note of all exits there are already.
Result<bool> Climb::drain() {
    Result<bool> going_on = true;
    for (std::size_t before = ended_ + 1; before != ended_ && going_on;) {
        before = ended_;
        going_on = wait(start_);
    }
    return going_on;
}

/// The last look for members before the end. Newcomers get the signal that the others got last.
Result<> Climb::search_once_more() {
    Result<std::size_t> found = adopt_more();
    if (!found) {
        return forward_error(found);
    }
    if (*found > 0 && taken_ > 0) {
        --taken_; // once more, for the newcomers: the others have ended
        return take_step();
    }
    return {};
}

void Climb::note_exit(Member& member) {
    waited_for_ -= member.given_up ? 0U : 1U;
    ++ended_;
    member.ending.ended = true;
    member.ending.error = std::nullopt;
    member.ending.after = Clock::now() - start_;
    member.ending.status = reader_.read(*member.process);
    member.ending.ended_by = ender_of(member);
}

/// Which of the signals sent ended it: that of its status, or for an exit by itself the last one.
std::optional<Signal> Climb::ender_of(const Member& member) const {
    const Ending& ending = member.ending;
    if (!ending.last_sent || !ending.status.signal) {
        return ending.last_sent;
    }
    const auto sent = std::span(steps_).subspan(member.first_step, taken_ - member.first_step);
    const bool ours = std::ranges::find(sent, *ending.status.signal, &EscalationStep::signal) != sent.end();
    return ours ? ending.status.signal : std::nullopt;
}

Deadline Climb::next_moment() const {
    Deadline moment = earlier(earlier(deadline_, patience_), next_look_);
    if (taken_ < steps_.size()) {
        moment = earlier(moment, start_ + steps_[taken_].after);
    }
    return moment;
}

void Climb::observe() const {
    if (!options_.observer) {
        return;
    }
    EscalationProgress progress{members_.size(), ended_, std::nullopt, std::nullopt, Clock::now() - start_};
    if (taken_ > 0) {
        progress.last = steps_[taken_ - 1].signal;
    }
    if (taken_ < steps_.size()) {
        progress.next = steps_[taken_];
    }
    options_.observer(progress);
}

Result<EscalationReport> Climb::report() {
    if (Result<bool> drained = drain(); !drained) { // what has just ended must not be called a survivor
        return forward_error(drained);
    }
    EscalationReport report;
    report.end = ended_ == members_.size()          ? EscalationEnd::all_ended
                 : end_ == EscalationEnd::all_ended ? EscalationEnd::given_up
                                                    : end_;
    const std::size_t targets = members_.size() - appeared_.size();
    for (Member& member : members_) {
        Ending& ending = member.ending;
        if (!ending.ended) {
            ending.after = Clock::now() - start_;
        }
        if (!ending.ended && !member.given_up && ending.last_sent) {
            ending.survival = survival_of(*member.process);
        }
        if (ending.index >= targets) {
            ending.appeared = std::move(appeared_[ending.index - targets]);
        }
        report.endings.push_back(std::move(ending));
    }
    return report;
}

} // namespace sig2pid
