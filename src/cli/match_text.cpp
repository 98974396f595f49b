// SPDX-License-Identifier: BSD-2-Clause
#include "cli/match_text.hpp"

#include "cli/output.hpp"
#include "cli/time_text.hpp"

#include <algorithm>
#include <array>

namespace sig2pid::cli {
namespace {

using engine::Field;
using engine::FieldType;
using engine::FieldValue;
using engine::Rung;

constexpr std::array all_verdicts = {Verdict::delivered, Verdict::coalesced, Verdict::ignored,
                                     Verdict::unhandled, Verdict::overflow,  Verdict::gone,
                                     Verdict::denied,    Verdict::zombie,    Verdict::limited};
constexpr std::array all_rungs = {Rung::direct, Rung::task_work, Rung::pidfd};

Json number_of(const Field& field, std::uint64_t bits) {
    if (field.type == FieldType::boolean) {
        return bits != 0;
    }
    return field.is_signed ? Json(static_cast<std::int64_t>(bits)) : Json(bits);
}

Json value_of(const Field& field, const std::optional<FieldValue>& value) {
    if (!value) {
        return nullptr; // the memory could not be read
    }
    if (const auto* text = std::get_if<std::string_view>(&*value)) {
        return std::string(*text);
    }
    if (const auto* elements = std::get_if<std::span<const std::uint64_t>>(&*value)) {
        Json list = Json::array();
        for (const std::uint64_t each : *elements) {
            list.push_back(number_of(field, each));
        }
        return list;
    }
    return number_of(field, std::get<std::uint64_t>(*value));
}

std::string value_text(const Field& field, const std::optional<FieldValue>& value) {
    if (!value) {
        return "?";
    }
    if (const auto* text = std::get_if<std::string_view>(&*value)) {
        return printable(*text);
    }
    return line_of(value_of(field, value));
}

/// The fields that say what happened and to whom; the rest is in --json.
bool is_for_people(const Field& field) {
    constexpr std::array<std::string_view, 5> details = {"time", "tid", "ppid", "uid", "cgroup"};
    return std::ranges::find(details, field.name) == details.end();
}

std::string name_of_target(const engine::TargetIdentity& target) {
    return target.pid > 0 ? "process " + std::to_string(target.pid) : "a process of another PID namespace";
}

} // namespace

Json json_of(const engine::Match& match, const engine::Rule& rule) {
    const auto& declared = rule.event().fields;
    Json fields = Json::object();
    for (std::size_t i = 0; i < declared.size(); i++) {
        fields[declared[i].name] = value_of(declared[i], match.fields[i]);
    }
    Json line = {{"seq", match.seq},
                 {"time", time_text(match.time)},
                 {"event", rule.event().name},
                 {"fields", std::move(fields)},
                 {"signal", rule.text().signal.name()},
                 {"value", match.value},
                 {"target", {{"pid", match.target.pid}, {"inode", match.target.inode}}},
                 {"rung", to_string(match.rung)},
                 {"verdict", to_string(match.verdict)},
                 {"blocked", match.blocked}};
    if (!match.reason.empty()) {
        line["reason"] = match.reason;
    }
    return line;
}

std::string text_of(const engine::Match& match, const engine::Rule& rule) {
    const auto& declared = rule.event().fields;
    std::string line = "#" + std::to_string(match.seq) + " " + time_text(match.time) + " " + rule.event().name;
    for (std::size_t i = 0; i < declared.size(); i++) {
        if (is_for_people(declared[i])) {
            line += " " + declared[i].name + "=" + value_text(declared[i], match.fields[i]);
        }
    }
    line += ": " + rule.text().signal.name() + " value " + std::to_string(match.value) + " to " +
            name_of_target(match.target) + ", ";
    line += std::string(to_string(match.verdict)) + " (" + std::string(to_string(match.rung)) + ")";
    return match.reason.empty() ? line : line + ": " + printable(match.reason);
}

Json json_of(const engine::Summary& summary, engine::Ending ending) {
    Json delivered = Json::object();
    for (const Rung rung : all_rungs) {
        delivered[to_string(rung)] = summary.count(rung, Verdict::delivered);
    }
    Json account = {{"matched", summary.matched}, {"delivered", std::move(delivered)}};
    for (const Verdict verdict : all_verdicts) {
        if (verdict != Verdict::delivered) {
            account[to_string(verdict)] = summary.total(verdict);
        }
    }
    account["lost"] = summary.lost;
    account["unreported"] = summary.unreported;
    account["unjudged"] = summary.unjudged;
    account["missed"] = summary.missed;
    account["ended"] = to_string(ending);
    return {{"summary", std::move(account)}};
}

std::string text_of(const engine::Summary& summary) {
    std::string line = "matched " + std::to_string(summary.matched) + ", delivered " +
                       std::to_string(summary.total(Verdict::delivered));
    std::string parts;
    for (const Rung rung : all_rungs) {
        if (const auto count = summary.count(rung, Verdict::delivered); count != 0) {
            parts += (parts.empty() ? " (" : ", ") + std::string(to_string(rung)) + " " + std::to_string(count);
        }
    }
    line += parts.empty() ? "" : parts + ")";
    for (const Verdict verdict : all_verdicts) {
        if (const auto count = summary.total(verdict); count != 0 && verdict != Verdict::delivered) {
            line += ", " + std::string(to_string(verdict)) + " " + std::to_string(count);
        }
    }
    line += ", lost " + std::to_string(summary.lost);
    const auto add = [&line](std::uint64_t count, std::string_view what) {
        line += count != 0 ? "; " + std::to_string(count) + " " + std::string(what) : "";
    };
    add(summary.unreported, "matches not shown: their lines could not be printed, or not as fast as they came");
    add(summary.unjudged, "events not judged: what the condition needs could not be read");
    add(summary.missed, "events not seen: they happened inside the rule's own work");
    return line;
}

} // namespace sig2pid::cli
