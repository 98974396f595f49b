// SPDX-License-Identifier: BSD-2-Clause
#include "lib/escalation_climb.hpp"

#include "lib/cancel.hpp"
#include "lib/deadline.hpp"

#include <algorithm>
#include <csignal>

namespace sig2pid {
namespace {

/// What ends at once at a signal needs no look in /proc, and most does: who is left is looked at when for so long
/// nobody has ended,
constexpr auto look_after = std::chrono::milliseconds(20);
/// or at the latest then: thousands take their time to exit, and looks would only be in their way.
constexpr auto look_at_last = std::chrono::milliseconds(200);

} // namespace

Climb::Climb(const std::vector<EscalationStep>& steps, const EscalationOptions& options, Judging judging,
             Offspring* offspring, Crowd crowd)
    : steps_(steps), options_(options), judging_(judging), offspring_(offspring), crowd_(std::move(crowd)),
      hold_(crowd_, offspring), deadline_(deadline_after(options.timeout)), targets_(crowd_.size()) {
    members_.reserve(targets_);
    for (std::size_t i = 0; i < targets_; ++i) {
        if (can_grow()) {
            known_.emplace(crowd_.token(i).pid, crowd_.token(i).inode);
        }
        add_member();
    }
}

void Climb::add_member() {
    Member member;
    member.ending.index = members_.size();
    members_.push_back(std::move(member));
    ++waited_for_;
}

bool Climb::adopt(const Token& token) {
    if (!known_.emplace(token.pid, token.inode).second) {
        return false;
    }
    crowd_.add(token);
    add_member();
    Ending& ending = members_.back().ending;
    [[maybe_unused]] const Result<> pinned =
        crowd_.with(ending.index, [&](const Process& process) { ending.name = name(process).value_or(""); });
    return true;
}

bool Climb::can_grow() const {
    return options_.more != nullptr || offspring_ != nullptr;
}

/// Takes in what belongs to the targets now; how many were new.
Result<std::size_t> Climb::adopt_more() {
    std::size_t count = 0;
    const auto adopt_all = [&](Result<std::vector<Token>> found) -> Result<> {
        if (!found) {
            return forward_error(found);
        }
        for (const Token& token : *found) {
            count += adopt(token) ? 1U : 0U;
        }
        return {};
    };
    Result<> adopted = options_.more ? adopt_all(options_.more()) : Result<>();
    if (adopted && offspring_ != nullptr) {
        adopted = adopt_all(offspring_->find());
    }
    return adopted ? Result<std::size_t>(count) : forward_error(adopted);
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
    while (taken_ < steps_.size() && waited_for_ > 0 && has_come(start_ + steps_[taken_].after) && !is_called_off()) {
        if (Result<> taken = take_step(); !taken) {
            return taken;
        }
    }
    return {};
}

Result<> Climb::take_step() {
    const Signal signal = steps_[taken_].signal;
    if (Result<> held = hold(); !held) {
        return held;
    }
    if (is_called_off()) { // while all were held still: nothing may be sent any more
        hold_.release();
        return {};
    }
    if (Result<> noted = note_unwatched(); !noted) {
        hold_.release();
        return noted;
    }
    ++taken_;
    signal_all(signal);
    hold_.release(is_about_stopping(signal) ? Hold::Release::groups : Hold::Release::all);
    next_look_ = Clock::now() + look_after;
    last_look_ = Clock::now() + look_at_last;
    if (taken_ == steps_.size() && signal.number() == SIGKILL && !deadline_) {
        patience_ = Clock::now() + options_.kill_patience;
    }
    observe();
    return {};
}

/// Holds all members still, if there may be more of them at any moment.
Result<> Climb::hold() {
    if (!can_grow()) {
        return {};
    }
    return hold_.take({[this](std::size_t i) { return is_waited_for(members_[i]); }, [this] { return adopt_more(); },
                       [this] { return is_called_off(); }},
                      deadline_);
}

/// Whether the deadline has come or the caller wants no more.
bool Climb::is_called_off() const {
    return has_come(deadline_) || is_cancelled(options_.cancel_fd);
}

/// Waits for events; false when it was cancelled.
Result<bool> Climb::wait(Deadline until) {
    Result<ExitWatch::Events> events = crowd_.wait(until);
    if (!events) {
        return forward_error(events);
    }
    for (const std::size_t index : events->exited) {
        note_exit(members_[index]);
    }
    if (!events->exited.empty()) {
        postpone_look();
        observe();
    }
    if (events->has_more) {
        offspring_->take_note();
    }
    if (events->cancelled) {
        end_ = EscalationEnd::cancelled;
    }
    return !events->cancelled;
}

void Climb::postpone_look() {
    if (next_look_) {
        next_look_ = std::min(Clock::now() + look_after, last_look_);
    }
}

/// Takes note of all exits there are already.
Result<bool> Climb::drain() {
    Result<bool> going_on = true;
    for (std::size_t before = ended_ + 1; before != ended_ && going_on;) {
        before = ended_;
        going_on = wait(start_);
    }
    if (Result<> noted = note_unwatched(); !noted) {
        return forward_error(noted);
    }
    return going_on;
}

/// Takes note of the exits of those that no descriptor watches.
Result<> Climb::note_unwatched() {
    Result<std::vector<std::size_t>> exited = crowd_.find_exited();
    if (!exited) {
        return forward_error(exited);
    }
    for (const std::size_t index : *exited) {
        note_exit(members_[index]);
    }
    return {};
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
    [[maybe_unused]] const Result<> pinned = crowd_.with(member.ending.index, [&](const Process& process) {
        member.ending.status = reader_.read(process); // unknown of who is gone and was not pinned
    });
    member.ending.ended_by = ender_of(member);
    crowd_.finish(member.ending.index);
}

/// Which of the signals sent ended it: that of its status, or for an exit by itself the last one.
std::optional<Signal> Climb::ender_of(const Member& member) const {
    const Ending& ending = member.ending;
    if (!ending.last_sent || !ending.status.signal) {
        return member.ignores_last ? std::nullopt : ending.last_sent;
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
    for (Member& member : members_) {
        Ending& ending = member.ending;
        if (!ending.ended) {
            ending.after = Clock::now() - start_;
        }
        if (!ending.ended && !member.given_up && ending.last_sent) {
            ending.survival = Survival::unmoved;
            [[maybe_unused]] const Result<> pinned =
                crowd_.with(ending.index, [&](const Process& process) { ending.survival = survival_of(process); });
        }
        if (ending.index >= targets_) {
            ending.appeared = crowd_.token(ending.index);
        }
        report.endings.push_back(std::move(ending));
    }
    return report;
}

} // namespace sig2pid
