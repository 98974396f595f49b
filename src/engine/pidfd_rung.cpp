// SPDX-License-Identifier: BSD-2-Clause
#include "engine/pidfd_rung.hpp"

#include <unistd.h>

namespace sig2pid::engine {

namespace {

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

AgentVerdict PidfdRung::send_to(const Process& process, const s2p_match& match, const StatusReader* reader) const {
    if (match.looked == S2P_ROOM) { // the kernel has judged the target within these microseconds
        const auto sent = queue(process, signal_, Payload{match.value});
        return sent ? AgentVerdict{Verdict::delivered, match.blocked != 0, {}} : refused(sent.error());
    }
    SendOptions options;
    options.payload = Payload{match.value};
    options.default_policy = match.looked == S2P_NEARLY_FULL ? DefaultPolicy::allow : policy_;
    options.reader = reader;
    const auto delivery = deliver(process, signal_, options);
    if (!delivery) {
        return refused(delivery.error());
    }
    return {delivery->verdict, delivery->blocked, delivery->error ? delivery->error->message() : std::string()};
}

AgentVerdict PidfdRung::send(const s2p_match& match) const {
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
