// SPDX-License-Identifier: BSD-2-Clause
#include "engine/agent.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <numeric>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

static_assert(static_cast<int>(Verdict::delivered) == S2P_DELIVERED &&
              static_cast<int>(Verdict::limited) == S2P_LIMITED);
static_assert(static_cast<int>(Rung::direct) == S2P_DIRECT && static_cast<int>(Rung::pidfd) == S2P_PIDFD);

/// From a queued send to its verdict in the ring buffer.
constexpr auto longest_report = std::chrono::milliseconds(250);

std::chrono::nanoseconds now(clockid_t clock) {
    timespec time = {};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string denial_text(int denial) {
    switch (denial) {
    case S2P_DENIED_KTHREAD:
        return "kernel threads take no signals";
    case S2P_DENIED_INIT:
        return "PID 1 is only signalled by its number";
    case S2P_DENIED_SELF:
        return "sig2pid and its ancestors are only signalled by their numbers";
    case S2P_DENIED_NAMESPACE:
        return "PID namespace: processes of another one are only signalled by a number or token";
    default:
        return {};
    }
}

/// Why the kernel's rungs did not send.
std::string kernel_reason(const s2p_match& match) {
    return match.verdict == S2P_DENIED ? denial_text(match.error) : reason_of(static_cast<Verdict>(match.verdict));
}

/// An integer of the record, sign- or zero-extended.
std::uint64_t widened(const Field& field, const std::byte* from) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, field.bytes);
    const unsigned shift = 64U - 8U * field.bytes;
    value <<= shift;
    return field.is_signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value) >> shift) : value >> shift;
}

std::size_t count_elements(std::span<const Field> fields) {
    return std::accumulate(fields.begin(), fields.end(), std::size_t{0},
                           [](std::size_t sum, const Field& field) { return sum + field.elements; });
}

FieldValue decode_one(const Field& field, std::span<const std::byte> bytes) {
    if (field.type == FieldType::string) {
        const auto* text = reinterpret_cast<const char*>(bytes.data());
        return std::string_view(text, strnlen(text, bytes.size()));
    }
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

} // namespace

AgentWork::AgentWork(const Rule& rule, RuleProgram program, PidfdRung rung, const std::optional<Process>& target)
    : program_(std::move(program)), fields_(rule.event().fields), rung_(std::move(rung)), values_(fields_.size()) {
    elements_.reserve(count_elements(fields_)); // so that what points to them stays
    if (target) {
        pinned_ = TargetIdentity{target->pid(), target->inode()};
    }
}

TargetIdentity AgentWork::identity(const s2p_match& match) const {
    if (pinned_) {
        return *pinned_;
    }
    const auto tick = 1'000'000'000U / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    const std::uint64_t inode = match.target_inode != 0 ? match.target_inode : match.target_start / tick;
    return {static_cast<pid_t>(match.target_pid), inode};
}

FieldValue AgentWork::decode_array(const Field& field, std::span<const std::byte> bytes) {
    const std::size_t first = elements_.size();
    for (std::size_t i = 0; i < field.elements; i++) {
        elements_.push_back(widened(field, bytes.data() + i * field.bytes));
    }
    return std::span<const std::uint64_t>(elements_).subspan(first);
}

void AgentWork::decode(const s2p_match& match, std::span<const std::byte> payload) {
    elements_.clear();
    for (std::size_t i = 0; i < fields_.size(); i++) {
        const s2p_field& layout = program_.layout(i);
        const bool there = (match.unreadable >> i & 1) == 0 && std::size_t{layout.at} + layout.room <= payload.size();
        if (!there) {
            values_[i] = std::nullopt;
            continue;
        }
        const auto bytes = payload.subspan(layout.at, layout.room);
        values_[i] = fields_[i].elements != 0 ? decode_array(fields_[i], bytes) : decode_one(fields_[i], bytes);
    }
}

void AgentWork::report(const Ended& ended, std::span<const std::byte> payload, const Session::Handler& handler) {
    const s2p_match& match = ended.match;
    decode(match, payload);
    Match out;
    out.seq = match.seq;
    const auto since_epoch = std::chrono::nanoseconds(static_cast<std::int64_t>(match.time)) + clock_offset_;
    out.time = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch));
    out.fields = values_;
    out.value = match.value;
    out.target = identity(match);
    out.rung = static_cast<Rung>(std::min<std::uint32_t>(match.rung, S2P_PIDFD));
    out.verdict = static_cast<Verdict>(std::min<std::uint32_t>(match.verdict, S2P_LIMITED));
    out.blocked = match.blocked != 0;
    out.reason = ended.reason;
    handler(out);
}

AgentWork::Ended AgentWork::send(s2p_match match) {
    AgentVerdict result = rung_.send(match);
    sent_[static_cast<std::size_t>(result.verdict)]++;
    match.rung = S2P_PIDFD;
    match.verdict = static_cast<__u32>(result.verdict);
    match.blocked = result.blocked ? 1 : 0;
    return {match, std::move(result.reason)};
}

void AgentWork::take_queued(const s2p_match& match, std::span<const std::byte> payload,
                            const Session::Handler& handler) {
    auto done = early_.extract(match.seq);
    if (done.empty()) {
        queued_.insert_or_assign(match.seq,
                                 Queued{match, {payload.begin(), payload.end()}, std::chrono::steady_clock::now()});
        return;
    }
    Ended& ended = done.mapped();
    ended.match.time = match.time;
    ended.match.unreadable = match.unreadable;
    report(ended, payload, handler);
}

void AgentWork::take_done(const s2p_match& done, const Session::Handler& handler) {
    auto node = queued_.extract(done.seq);
    s2p_match match = node.empty() ? done : node.mapped().match;
    match.verdict = done.verdict;
    match.blocked = done.blocked;
    match.looked = S2P_NOT_LOOKED;
    Ended ended = done.verdict == S2P_NEXT ? send(match) : Ended{match, kernel_reason(match)};
    if (!node.empty()) {
        report(ended, node.mapped().payload, handler);
        return;
    }
    keep_early(std::move(ended));
}

/// Of those whose match found the ring buffer full nothing will ever come: keep no more than can be under way.
void AgentWork::keep_early(Ended ended) {
    if (early_.size() >= std::size_t{2} * S2P_TASK_WORKS) {
        early_.erase(early_.begin());
        unpaired_++;
    }
    early_.insert_or_assign(ended.match.seq, std::move(ended));
}

void AgentWork::take(const s2p_match& match, std::span<const std::byte> payload, const Session::Handler& handler) {
    if (match.kind == S2P_DONE) {
        take_done(match, handler);
    } else if (match.verdict == S2P_NEXT) {
        report(send(match), payload, handler);
    } else if (match.verdict == S2P_PENDING) {
        take_queued(match, payload, handler);
    } else {
        report({match, kernel_reason(match)}, payload, handler);
    }
}

std::size_t AgentWork::take_reports(const Session::Handler& handler) {
    std::size_t taken = 0;
    clock_offset_ = now(CLOCK_REALTIME) - now(CLOCK_BOOTTIME);
    program_.consume([&](const s2p_match& match, std::span<const std::byte> payload) {
        take(match, payload, handler);
        taken++;
    });
    return taken;
}

/// Matches that have neither a verdict nor are counted as lost.
std::uint64_t AgentWork::outstanding() const {
    const Summary sum = summary();
    std::uint64_t settled = sum.lost;
    for (const auto& rung : sum.verdicts) {
        settled = std::accumulate(rung.begin(), rung.end(), settled);
    }
    return sum.matched - std::min(sum.matched, settled);
}

bool AgentWork::is_settled() const {
    return outstanding() == 0;
}

/// The ring buffer is read to its end first, so that only what has no verdict anywhere is given up.
void AgentWork::abandon(const Session::Handler& handler) {
    while (take_reports(handler) > 0) {
    }
    std::erase_if(queued_, [this](const auto& entry) { return program_.claim(entry.first, entry.second.match.slot); });
    abandoned_ += outstanding();
}

void AgentWork::take_back(Queued queued, const Session::Handler& handler) {
    const std::uint64_t seq = queued.match.seq;
    const std::uint32_t slot = queued.match.slot;
    queued.match.looked = S2P_NOT_LOOKED;
    const Ended ended = send(queued.match);
    if (ended.match.verdict == S2P_GONE) {
        program_.release_slot(seq, slot); // its task work can never run
    }
    report(ended, queued.payload, handler);
}

void AgentWork::take_back_stuck(const Session::Handler& handler, std::chrono::nanoseconds age) {
    const bool has_all = take_reports(handler) < RuleProgram::reports_at_once;
    const auto now = std::chrono::steady_clock::now();
    for (auto it = queued_.begin(); it != queued_.end();) {
        const auto current = it++;
        Queued& queued = current->second;
        if (queued.ran) {
            if (has_all && now - *queued.ran > longest_report) {
                queued_.erase(current); // the ring buffer was full when its verdict came, which is counted
            }
        } else if (now - queued.since >= age && program_.claim(current->first, queued.match.slot)) {
            take_back(std::move(queued_.extract(current).mapped()), handler);
        } else if (now - queued.since >= age) {
            queued.ran = now;
        }
    }
}

Summary AgentWork::summary() const {
    Summary sum;
    sum.matched = program_.matched();
    const s2p_counters counters = program_.counters();
    for (std::size_t rung = 0; rung < S2P_RUNGS; rung++) {
        std::ranges::copy(counters.verdict[rung], sum.verdicts[rung].begin());
    }
    for (std::size_t i = 0; i < sent_.size(); i++) {
        sum.verdicts[S2P_PIDFD][i] += sent_[i];
    }
    sum.lost = counters.lost + abandoned_;
    sum.unreported = counters.unreported + unpaired_ + early_.size();
    sum.unjudged = counters.unjudged;
    sum.missed = program_.missed();
    return sum;
}

} // namespace sig2pid::engine
