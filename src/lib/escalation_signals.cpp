// SPDX-License-Identifier: BSD-2-Clause
// Where a ladder's signals leave, and what came of them.
#include "lib/escalation_climb.hpp"

#include "lib/divided.hpp"

#include <sig2pid/send.hpp>

#include <algorithm>
#include <csignal>
#include <ranges>

namespace sig2pid {
namespace {

bool is_gone(const Result<>& result) {
    return !result && result.error().reason == Reason::gone;
}

} // namespace

bool is_about_stopping(Signal signal) {
    return signal.default_action() == DefaultAction::stop || signal.number() == SIGCONT;
}

void Climb::signal_all(Signal signal) {
    const std::size_t before = waited_for_;
    const bool is_whole = signal.number() == SIGKILL && offspring_ != nullptr && offspring_->holds_exactly(before);
    // With a descriptor for each, threads need no more than a few that are spared.
    if (judging_ == Judging::at_once && !can_grow() && !crowd_.is_queueing()) {
        signal_at_once(signal);
    } else {
        signal_in_turn(signal);
    }
    if (is_whole && waited_for_ == before) {                         // nobody was refused
        [[maybe_unused]] const Result<> killed = offspring_->kill(); // before Linux 5.14 there is no such way
    }
}

/// Of a tree that stands still the parents come last: when the parent of another process group dies, the kernel lets a
/// stopped group go on, and it could fork before its own turn.
void Climb::signal_in_turn(Signal signal) {
    for (Member& member : std::views::reverse(members_)) {
        if (is_waited_for(member)) {
            note_sent(member, signal, judge_and_send(member, signal));
        }
    }
}

/// By several threads, where there are hundreds.
void Climb::signal_at_once(Signal signal) {
    std::vector<Result<>> sent(members_.size());
    divide(members_.size(), usual_division(), [&](std::size_t /*thread*/, std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            const std::size_t index = members_.size() - 1 - i;
            if (is_waited_for(members_[index])) {
                sent[index] = judge_and_send(members_[index], signal);
            }
        }
        return true;
    });
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (is_waited_for(members_[i])) {
            note_sent(members_[i], signal, sent[i]);
        }
    }
}

/// At the first step, microseconds before the signal.
Result<> Climb::judge(const Member& member, const Process& process) const {
    const bool is_due = taken_ == 1 && options_.judge && member.ending.index < targets_;
    return is_due ? options_.judge(member.ending.index, process) : Result<>();
}

Result<> Climb::judge_and_send(const Member& member, Signal signal) const {
    Result<> sent;
    const Result<> pinned = crowd_.with(member.ending.index, [&](const Process& process) {
        sent = judge(member, process);
        sent = sent ? send(process, signal) : std::move(sent);
    });
    return pinned ? sent : pinned;
}

void Climb::note_sent(Member& member, Signal signal, const Result<>& sent) {
    if (sent) {
        member.first_step = member.ending.last_sent ? member.first_step : taken_ - 1;
        member.ending.last_sent = signal;
        member.ignores_last = false;
    }
    refuse_unless(sent, member);
}

/// Gives up a member for an error; of those that are gone the watch will tell.
void Climb::refuse_unless(const Result<>& result, Member& member) {
    if (!result && !is_gone(result)) {
        give_up(member, Survival::refused, result.error());
    }
}

void Climb::give_up(Member& member, Survival survival, std::optional<Error> error) {
    member.given_up = true;
    member.ending.survival = survival;
    member.ending.error = std::move(error);
    --waited_for_;
    crowd_.set_aside(member.ending.index);
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
    bool is_stopped = false;
    bool is_deaf = false;
    [[maybe_unused]] const Result<> pinned = crowd_.with(member.ending.index, [&](const Process& process) {
        const Result<SignalStatus> status = signal_status(process);
        const auto discards = [&](const EscalationStep& step) { return is_shielded(process, *status, step.signal); };
        is_stopped = status && status->state == 'T';
        member.ignores_last = status && status->ignored.contains(steps_[taken_ - 1].signal);
        is_deaf = status && std::ranges::all_of(steps_, discards);
    });
    if (is_stopped && !is_about_stopping(steps_[taken_ - 1].signal)) {
        let_go_on(crowd_, member.ending.index);
    }
    if (is_deaf) {
        give_up(member, Survival::shielded, std::nullopt);
    }
}

} // namespace sig2pid
