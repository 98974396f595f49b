// SPDX-License-Identifier: BSD-2-Clause
#include "engine/pidfd_rung.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

/// For so long what was seen of a target is taken to hold. The agent may have been stopped or starved since, and the
/// target may have reset its handler meanwhile: the signal would end it.
constexpr auto look_holds = std::chrono::milliseconds(1);

std::chrono::nanoseconds since_boot() {
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::chrono::nanoseconds time_of(const s2p_match& match) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(match.time));
}

AgentVerdict refused(const Error& error) {
    return {verdict_of(error).value_or(Verdict::denied), false, error.message()};
}

/// Whether the process that has this number now is the one the kernel told of: the inode says so, before 6.9 the start.
bool is_same(const Process& process, const s2p_match& match) {
    if (match.target_inode != 0) {
        return process.inode() == match.target_inode;
    }
    const auto start = process.start_time();
    const auto tick = 1'000'000'000U / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    return start && *start == match.target_start / tick;
}

} // namespace

std::string reason_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::overflow:
        return "its user's signal queue is full (RLIMIT_SIGPENDING); raise the limit, or let it take its signals";
    case Verdict::unhandled:
        return "it neither catches nor blocks the signal now, which would end it: nothing was sent";
    default:
        return {};
    }
}

Result<PidfdRung> PidfdRung::make(const RuleText& rule, const std::optional<Process>& pinned) {
    PidfdRung rung(rule.signal, rule.default_policy);
    if (!pinned) {
        return rung;
    }
    auto duplicate = pinned->duplicate();
    if (!duplicate) {
        return std::unexpected(duplicate.error());
    }
    rung.pinned_ = std::move(*duplicate);
    auto reader = StatusReader::open(*rung.pinned_);
    if (reader) { // without it each look opens /proc again
        rung.reader_ = std::move(*reader);
    }
    return rung;
}

/// Of a burst of standard signals the kernel looked at all before the first was sent: only a look between two sends
/// tells that the second one is coalesced. Real-time signals are queued each, and a full queue says so itself; for a
/// backlog of them one look in a while is enough.
bool PidfdRung::needs_no_look(const s2p_match& match, std::chrono::nanoseconds now) const {
    const std::chrono::nanoseconds seen = std::max(time_of(match), seen_.value_or(std::chrono::nanoseconds::min()));
    return match.looked == S2P_ROOM && signal_.is_realtime() && now - seen < look_holds;
}

AgentVerdict PidfdRung::send_to(const Process& process, const s2p_match& match, const StatusReader* reader) {
    if (!needs_no_look(match, since_boot())) {
        return look_and_send(process, match, reader);
    }
    const auto sent = queue(process, signal_, Payload{match.value});
    return sent ? AgentVerdict{Verdict::delivered, match.blocked != 0, {}} : refused(sent.error());
}

/// The handler goes with the signal that is pending, and the next one would end the target.
bool PidfdRung::is_one_too_many(const Process& process, const s2p_match& match, const StatusReader* reader) const {
    if (match.looked != S2P_ONCE) {
        return false;
    }
    const auto status = reader != nullptr ? reader->read() : signal_status(process);
    return status && status->shared_pending.contains(signal_);
}

AgentVerdict PidfdRung::look_and_send(const Process& process, const s2p_match& match, const StatusReader* reader) {
    const std::chrono::nanoseconds now = since_boot();
    if (is_one_too_many(process, match, reader)) {
        return {Verdict::unhandled, false, reason_of(Verdict::unhandled)};
    }
    SendOptions options;
    options.payload = Payload{match.value};
    options.default_policy = policy_;
    options.reader = reader;
    const auto delivery = deliver(process, signal_, options);
    if (!delivery) {
        return refused(delivery.error());
    }
    const bool is_expected = pinned_ && delivery->looked && delivery->verdict == Verdict::delivered;
    seen_ = is_expected ? std::optional(now) : std::nullopt;
    if (delivery->verdict == Verdict::gone) {
        return {Verdict::gone, false, "process " + std::to_string(process.pid()) + " has exited"};
    }
    return {delivery->verdict, delivery->blocked,
            delivery->error ? delivery->error->message() : reason_of(delivery->verdict)};
}

AgentVerdict PidfdRung::send(const s2p_match& match) {
    if (pinned_) {
        return send_to(*pinned_, match, reader_ ? &*reader_ : nullptr);
    }
    const auto process = Process::open(static_cast<pid_t>(match.target_pid));
    if (!process) {
        return refused(process.error());
    }
    if (!is_same(*process, match)) {
        return {Verdict::gone, false,
                "process " + std::to_string(match.target_pid) +
                    " of the event is gone; its number belongs to another now"};
    }
    return send_to(*process, match, nullptr);
}

} // namespace sig2pid::engine
