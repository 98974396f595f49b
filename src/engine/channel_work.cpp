// SPDX-License-Identifier: BSD-2-Clause
#include "engine/channel_work.hpp"

#include "engine/catalog.hpp"

#include <algorithm>
#include <cerrno>

namespace sig2pid::engine {

namespace {

constexpr std::size_t most_kept = 65'536;  ///< records
constexpr std::size_t taken_at_once = 256; ///< then the loop sees to everything else

std::chrono::nanoseconds real_time_less_monotonic() {
    const auto real = std::chrono::system_clock::now().time_since_epoch();
    return real - std::chrono::steady_clock::now().time_since_epoch();
}

std::array<FieldValue, 3> values_of(const ChannelRecord& record) {
    return {record.sequence, record.time, static_cast<std::uint64_t>(record.value)};
}

} // namespace

ChannelWork::ChannelWork(const Rule& rule, Reports reports, PidfdRung rung, const Process& target,
                         Subscription subscription)
    : channel_(rule.source().channel), predicate_(rule.predicate()), value_(rule.value()), count_(rule.text().count),
      reports_(reports), rung_(std::move(rung)), target_{target.pid(), target.inode()},
      subscription_(std::move(subscription)) {
    if (rule.text().limit) {
        limiter_.emplace(*rule.text().limit);
    }
}

/// The count of events is read first: when no record is left afterwards, those up to it that did not come are lost.
void ChannelWork::receive() {
    if (source_error_ || is_complete() || known_ >= end_ || backlog_.size() >= most_kept) {
        return;
    }
    const std::uint64_t events = subscription_.events();
    std::vector<ChannelRecord> records;
    const auto rest = subscription_.read(records);
    keep(records);
    if (!rest) {
        source_error_ = rest.error();
        return;
    }
    if (*rest != Subscription::Rest::unknown) {
        known_ = std::max(known_, std::min(events, end_));
    }
    if (*rest == Subscription::Rest::withdrawn) {
        source_error_ = Error{ENODEV, "read",
                              "the channel '" + channel_ + "' has been withdrawn by its module: no event will come"};
    }
}

void ChannelWork::keep(const std::vector<ChannelRecord>& records) {
    for (const ChannelRecord& record : records) {
        known_ = std::min(record.sequence, end_);
        if (record.sequence <= end_) {
            backlog_.push_back(record);
        }
    }
}

std::size_t ChannelWork::take_reports(const Session::Handler& handler) {
    clock_offset_ = real_time_less_monotonic();
    receive();
    std::size_t taken = 0;
    for (; !backlog_.empty() && taken < taken_at_once; taken++) {
        const ChannelRecord record = backlog_.front();
        backlog_.pop_front();
        take(record, handler);
        receive(); // sending is slower than raising, and the module keeps but so many records
    }
    if (backlog_.empty()) {
        lose_until(known_);
    }
    return taken;
}

void ChannelWork::detach() {
    end_ = std::max(known_, subscription_.events());
}

void ChannelWork::abandon(const Session::Handler& /*handler*/) {
    backlog_.clear();
    known_ = std::min(end_, subscription_.events());
}

/// Without a condition each of them was a match; with one, nobody can say.
void ChannelWork::lose_until(std::uint64_t sequence) {
    if (sequence <= taken_ || is_complete()) {
        return;
    }
    std::uint64_t lost = sequence - taken_;
    taken_ = sequence;
    if (predicate_) {
        sum_.unjudged += lost;
        return;
    }
    lost = count_ != 0 ? std::min(lost, count_ - sum_.matched) : lost;
    sum_.matched += lost;
    sum_.lost += lost;
}

std::uint64_t ChannelWork::payload(const std::array<FieldValue, fields>& values) const {
    if (const auto* constant = std::get_if<ConstantValue>(&value_)) {
        return constant->bits;
    }
    if (const auto* named = std::get_if<FieldValueOf>(&value_)) {
        return std::get<std::uint64_t>(values.at(named->field));
    }
    return sum_.matched;
}

AgentVerdict ChannelWork::send(std::uint64_t value) {
    if (limiter_ && !limiter_->admit(std::chrono::steady_clock::now())) {
        return {Verdict::limited, false, {}};
    }
    s2p_match match = {};
    match.looked = S2P_NOT_LOOKED;
    match.value = value;
    return rung_.send(match);
}

void ChannelWork::take(const ChannelRecord& record, const Session::Handler& handler) {
    lose_until(record.sequence - 1);
    if (is_complete()) {
        return;
    }
    taken_ = record.sequence;
    const auto values = values_of(record);
    if (predicate_ && !evaluate(*predicate_, values)) {
        return;
    }
    sum_.matched++;
    const std::uint64_t value = payload(values);
    const AgentVerdict sent = send(value);
    sum_.verdicts[S2P_PIDFD][static_cast<std::size_t>(sent.verdict)]++;
    if (reports_ == Reports::all) {
        report(record, value, sent, handler);
    }
}

void ChannelWork::report(const ChannelRecord& record, std::uint64_t value, const AgentVerdict& sent,
                         const Session::Handler& handler) const {
    const auto values = values_of(record);
    const std::array<std::optional<FieldValue>, fields> shown = {values[0], values[1], values[2]};
    const auto since_epoch = std::chrono::nanoseconds(static_cast<std::int64_t>(record.time)) + clock_offset_;
    Match match;
    match.seq = sum_.matched;
    match.time = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch));
    match.fields = shown;
    match.value = value;
    match.target = target_;
    match.rung = Rung::pidfd;
    match.verdict = sent.verdict;
    match.blocked = sent.blocked;
    match.reason = sent.reason;
    handler(match);
}

} // namespace sig2pid::engine
