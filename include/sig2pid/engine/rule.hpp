// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/deliver.hpp>
#include <sig2pid/engine/event.hpp>
#include <sig2pid/engine/predicate.hpp>
#include <sig2pid/engine/rung.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/target.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sig2pid::engine {

/// Targets that only a rule has, told by the event.
enum class NamedTarget : std::uint8_t {
    current, ///< the task that caused the event
    subject, ///< the process the event is about
    parent   ///< the subject's parent
};

/// Whom a rule signals: a process that is pinned when the rule is armed, or one that each event tells.
using RuleTarget = std::variant<Target, NamedTarget>;

/// Reads the TARGET of a rule. EINVAL with Reason::bad_input and the column.
[[nodiscard]] Result<RuleTarget> parse_rule_target(std::string_view text);

/// The word for it: "current", or the text of the target.
[[nodiscard]] std::string to_string(const RuleTarget& target);

/// At most `count` signals in any span of `period`; matches beyond that get the verdict `limited`.
struct RateLimit {
    static constexpr std::uint32_t max_count = 4096;

    std::uint32_t count = 1;
    std::chrono::nanoseconds period{};

    /// Reads "N/DUR", such as 1/10s. EINVAL with Reason::bad_input.
    [[nodiscard]] static Result<RateLimit> parse(std::string_view text);
};

/// A rule as its author states it.
struct RuleText {
    std::string event;      ///< EVENT
    std::string where;      ///< EXPR; empty: every event matches
    Signal signal{SIGTERM}; ///< what is sent
    std::string value;      ///< an integer, the name of an integer field, or `seq`; empty: 0
    RuleTarget target = NamedTarget::current;
    std::uint64_t count = 0; ///< stop after so many matches; 0: never
    std::optional<RateLimit> limit;
    /// The rung to begin with; what it cannot deliver falls to the next all the same. None: the first that this kernel
    /// has.
    std::optional<Rung> rung;
    /// Whether the signal may go where its default action would end the target, which neither catches nor blocks it.
    /// SIGKILL, SIGSTOP and SIGTERM are always meant.
    DefaultPolicy default_policy = DefaultPolicy::refuse;
};

/// What the payload of a signal is.
struct ConstantValue {
    std::uint64_t bits = 0;
};
struct FieldValueOf {
    std::uint16_t field = 0;   ///< index into the event's fields
    std::uint16_t element = 0; ///< of a field that is an array
};
struct SequenceValue {};
using RuleValue = std::variant<ConstantValue, FieldValueOf, SequenceValue>;

struct SourcedEvent; // how the kernel program reads the event's fields; the engine's own

/// A rule that has been checked: everything about it is right but that the target may not be there.
class Rule {
public:
    /// Checks all of it against this kernel; arms nothing and needs no privilege but to read the list of tracepoints.
    /// \return EINVAL/bad_input with the column, for a wrong event, expression, value or count; ENOTSUP/unsupported for
    /// what this kernel does not offer; ENOENT without BTF, which only the channel of a module does not need.
    [[nodiscard]] static Result<Rule> check(RuleText text);

    [[nodiscard]] const RuleText& text() const noexcept { return text_; }
    [[nodiscard]] const Event& event() const noexcept;
    [[nodiscard]] const SourcedEvent& source() const noexcept { return *source_; }
    [[nodiscard]] const std::optional<Predicate>& predicate() const noexcept { return predicate_; }
    [[nodiscard]] const RuleValue& value() const noexcept { return value_; }

private:
    Rule(RuleText text, std::shared_ptr<const SourcedEvent> source)
        : text_(std::move(text)), source_(std::move(source)) {}

    RuleText text_;
    std::shared_ptr<const SourcedEvent> source_;
    std::optional<Predicate> predicate_;
    RuleValue value_;
};

} // namespace sig2pid::engine
