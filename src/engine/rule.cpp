// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/rule.hpp>

#include "engine/catalog.hpp"
#include "engine/channel.hpp"
#include "engine/kernel.hpp"
#include "lib/nearest.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/engine/expression.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace sig2pid::engine {

namespace {

constexpr std::array<std::string_view, 3> target_names = {"current", "subject", "parent"};

std::unexpected<Error> bad_input(std::string operation, std::string context, std::size_t column = 0) {
    return std::unexpected(Error{EINVAL, std::move(operation), std::move(context), Reason::bad_input, column});
}

/// "args[2]" of the array args; "pid" of what is none.
Result<RuleValue> element_value(std::string_view text, const Field& field, std::uint16_t index) {
    std::string_view inside = text.substr(field.name.size());
    std::uint16_t element = 0;
    if (field.elements == 0 && inside.empty()) {
        return FieldValueOf{index, 0};
    }
    const bool in_brackets = inside.size() > 2 && inside.front() == '[' && inside.back() == ']';
    inside = in_brackets ? inside.substr(1, inside.size() - 2) : "";
    const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), element);
    if (error == std::errc() && end == inside.data() + inside.size() && element < field.elements) {
        return FieldValueOf{index, element};
    }
    return bad_input("parse_value", field.elements == 0
                                        ? "the field '" + field.name + "' is no array: name it without an index"
                                        : "the field '" + field.name + "' is an array: name one of " + field.name +
                                              "[0] to " + field.name + "[" + std::to_string(field.elements - 1) + "]");
}

Result<RuleValue> field_value(const std::string& text, const Event& event) {
    const auto found = std::ranges::find(event.fields, text.substr(0, text.find('[')), &Field::name);
    if (found == event.fields.end()) {
        std::vector<std::string_view> names = {"seq"};
        std::ranges::transform(event.fields, std::back_inserter(names),
                               [](const Field& field) { return std::string_view(field.name); });
        const std::string_view near = nearest(text, names);
        return bad_input("parse_value", "'" + text + "' is neither a number nor a field of " + event.name +
                                            (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
    }
    if (found->type == FieldType::string) {
        return bad_input("parse_value", "the field '" + text +
                                            "' is a string, and a signal carries only 64 bits: name an integer field");
    }
    return element_value(text, *found, static_cast<std::uint16_t>(found - event.fields.begin()));
}

Result<RuleValue> parse_value(const std::string& text, const Event& event) {
    if (text.empty()) {
        return ConstantValue{};
    }
    if (text == "seq") {
        return SequenceValue{};
    }
    if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
        const auto number = Payload::parse(text);
        if (!number) {
            return std::unexpected(number.error());
        }
        return ConstantValue{number->bits};
    }
    return field_value(text, event);
}

Result<Predicate> compile_where(const std::string& text, const Event& event) {
    const auto expression = Expression::parse(text, event.fields);
    if (!expression) {
        return bad_input("parse_expression", "--where, " + expression.error().message(), expression.error().column);
    }
    auto predicate = lower(*expression);
    if (!predicate) {
        return bad_input("lower_expression", "--where, " + predicate.error().message(), predicate.error().column);
    }
    return std::move(*predicate);
}

/// A rung that was asked for by name must be there; otherwise the rule begins with the first that is.
Result<> check_rung(std::optional<Rung> rung, const KernelFeatures& kernel, const SourcedEvent& source) {
    if (!rung || *rung == Rung::pidfd) {
        return {};
    }
    const bool offered = kernel.pin_task && (*rung == Rung::direct ? kernel.send_signal_task : kernel.task_work);
    if (!offered) {
        return failure(ENOTSUP, "check_rung",
                       "Linux " + kernel_release() + " has no rung " + std::string(to_string(*rung)) +
                           ", which needs " + (*rung == Rung::direct ? "6.13" : "6.18") +
                           ": leave the rung out, or name pidfd, which every kernel has",
                       Reason::unsupported);
    }
    if (source.is_raised_by_sending) {
        return bad_input("check_rung", "a signal sent in the kernel raises " + source.event.name +
                                           " again, without end: this event has only the rung pidfd");
    }
    return {};
}

/// A channel's events come to the agent, and are no process': what a rule may say of a target and a rung is less.
Result<SourcedEvent> find_channel_source(const RuleText& text) {
    auto channel = channel_of(text.event);
    if (!channel) {
        return forward_error(channel);
    }
    if (std::holds_alternative<NamedTarget>(text.target)) {
        return bad_input("check_target", "an event of a module is about no process, so it has no '" +
                                             to_string(text.target) +
                                             "': name the target, by PID, PID:INODE[:BOOT], fd:N or pidfile:PATH");
    }
    if (text.rung && *text.rung != Rung::pidfd) {
        return bad_input("check_rung", "the events of a module come to sig2pid, which sends by the rung pidfd: '" +
                                           std::string(to_string(*text.rung)) + "' is only for events of the kernel");
    }
    SourcedEvent source;
    source.event = channel_event(*channel);
    source.channel = std::move(*channel);
    return source;
}

/// The kernel's own events need its types; those of a module need nothing of it, so that they work where no BPF may.
Result<SourcedEvent> find_source(const RuleText& text) {
    if (text.event.starts_with(channel_prefix)) {
        return find_channel_source(text);
    }
    const auto kernel = KernelFeatures::read();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    auto source = find_sourced_event(text.event, *kernel);
    if (!source) {
        return forward_error(source);
    }
    if (auto rung = check_rung(text.rung, *kernel, *source); !rung) {
        return forward_error(rung);
    }
    return source;
}

} // namespace

Result<RuleTarget> parse_rule_target(std::string_view text) {
    const auto* const named = std::ranges::find(target_names, text);
    if (named != target_names.end()) {
        return static_cast<NamedTarget>(named - target_names.begin());
    }
    auto target = Target::parse(text);
    if (!target) {
        return std::unexpected(target.error());
    }
    if (!target->names_one()) {
        return failure(EINVAL, "parse target",
                       "target '" + target->text() +
                           "' may mean several processes, and a rule signals one: PID, PID:INODE[:BOOT], fd:N or "
                           "pidfile:PATH",
                       Reason::bad_input);
    }
    return RuleTarget(std::move(*target));
}

std::string to_string(const RuleTarget& target) {
    if (const auto* named = std::get_if<NamedTarget>(&target)) {
        return std::string(target_names[static_cast<std::size_t>(*named)]);
    }
    return std::get<Target>(target).text();
}

Result<RateLimit> RateLimit::parse(std::string_view text) {
    const auto slash = text.find('/');
    RateLimit limit;
    const char* end = text.data() + std::min(slash, text.size());
    const auto [stopped, error] = std::from_chars(text.data(), end, limit.count);
    if (slash == std::string_view::npos || stopped != end || error != std::errc() || limit.count == 0) {
        return bad_input("parse_limit", "a limit is written N/DUR, such as 1/10s, not '" + std::string(text) + "'");
    }
    if (limit.count > max_count) {
        return bad_input("parse_limit", "a limit counts to " + std::to_string(max_count) + " at most, not " +
                                            std::to_string(limit.count));
    }
    const auto period = parse_duration(text.substr(slash + 1));
    if (!period) {
        return bad_input(
            "parse_limit",
            "the duration of the limit '" + std::string(text) + "' " +
                (period.error().code == ERANGE ? "is too large" : "is not a number and a unit, such as 10s"));
    }
    if (period->count() <= 0) {
        return bad_input("parse_limit", "the duration of a limit must be above zero");
    }
    limit.period = *period;
    return limit;
}

const Event& Rule::event() const noexcept {
    return source_->event;
}

Result<Rule> Rule::check(RuleText text) {
    auto source = find_source(text);
    if (!source) {
        return forward_error(source);
    }
    Rule rule(std::move(text), std::make_shared<const SourcedEvent>(std::move(*source)));
    auto value = parse_value(rule.text_.value, rule.event());
    if (!value) {
        return std::unexpected(value.error());
    }
    rule.value_ = *value;
    if (!rule.text_.where.empty()) {
        auto predicate = compile_where(rule.text_.where, rule.event());
        if (!predicate) {
            return std::unexpected(predicate.error());
        }
        rule.predicate_ = std::move(*predicate);
    }
    return rule;
}

} // namespace sig2pid::engine
