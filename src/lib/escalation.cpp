// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/escalation.hpp>

#include "lib/escalation_climb.hpp"

#include <sig2pid/duration.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

using std::chrono::nanoseconds;

constexpr auto default_kill_after = std::chrono::seconds(10);

std::unexpected<Error> bad_ladder(std::string why) {
    return failure(EINVAL, "escalation", std::move(why), Reason::bad_input);
}

} // namespace

Result<EscalationStep> EscalationStep::parse(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) {
        return bad_ladder("step '" + std::string(text) + "': expected SIG@DUR, such as KILL@10s");
    }
    Result<Signal> signal = Signal::parse(text.substr(0, at));
    if (!signal) {
        return forward_error(signal);
    }
    Result<nanoseconds> after = parse_duration(text.substr(at + 1));
    if (!after) {
        return forward_error(after);
    }
    return EscalationStep{*signal, *after};
}

std::string EscalationStep::to_string() const {
    return signal.name() + "@" + format_duration(after);
}

std::string_view to_string(Survival survival) noexcept {
    switch (survival) {
    case Survival::not_signalled:
        return "not signalled";
    case Survival::refused:
        return "refused";
    case Survival::shielded:
        return "shielded";
    case Survival::uninterruptible:
        return "uninterruptible";
    case Survival::stopped:
        return "stopped";
    case Survival::unmoved:
        return "unmoved";
    }
    return "unknown";
}

Escalation::Escalation() : steps_{{Signal(SIGTERM), nanoseconds::zero()}, {Signal(SIGKILL), default_kill_after}} {}

Result<Escalation> Escalation::make(std::vector<EscalationStep> steps) {
    if (steps.empty()) {
        return bad_ladder("a ladder needs at least one step");
    }
    for (const EscalationStep& step : steps) {
        if (step.after < nanoseconds::zero()) {
            return bad_ladder("step " + step.signal.name() + " is before the start");
        }
    }
    const auto is_earlier = [](const auto& left, const auto& right) { return left.after < right.after; };
    for (auto step = steps.begin(); step != steps.end(); ++step) { // those of one moment stay as they were given
        std::rotate(std::upper_bound(steps.begin(), step, *step, is_earlier), step, step + 1);
    }
    return Escalation(std::move(steps));
}

Result<EscalationReport> Escalation::run(std::span<const Process> targets, const EscalationOptions& options) const {
    Result<Crowd> crowd = Crowd::make(options.cancel_fd);
    if (!crowd) {
        return forward_error(crowd);
    }
    for (const Process& target : targets) {
        if (Result<> added = crowd->add(target); !added) {
            return forward_error(added);
        }
    }
    return Climb(steps_, options, Judging::one_by_one, nullptr, std::move(*crowd)).finish();
}

Result<EscalationReport> Escalation::run(ProcessSet& targets, const EscalationOptions& options) const {
    Result<Crowd> crowd = Crowd::make(options.cancel_fd);
    if (!crowd) {
        return forward_error(crowd);
    }
    if (Result<> added = crowd->add_all(targets); !added) {
        return forward_error(added);
    }
    Offspring offspring(targets, options.select, options.cancel_fd);
    EscalationOptions judging = options;
    judging.judge = [&](std::size_t i, const Process& process) {
        const Result<> judged = targets.judge_again(i, process);
        targets.close_name_file(i); // here, while other threads work too, and not at the end, when nobody else does
        return judged && options.judge ? options.judge(i, process) : judged;
    };
    const bool grows = options.newcomers != Newcomers::none;
    if (grows && offspring.events_fd() >= 0) {
        if (Result<> added = crowd->add_events(offspring.events_fd()); !added) {
            return forward_error(added);
        }
    }
    const Judging way = options.judge ? Judging::one_by_one : Judging::at_once;
    return Climb(steps_, judging, way, grows ? &offspring : nullptr, std::move(*crowd)).finish();
}

} // namespace sig2pid
