// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/output.hpp"

#include <sig2pid/engine/event.hpp>

#include <expected>

namespace sig2pid::cli {
namespace {

using engine::Event;

Json describe(const Event& event) {
    Json fields = Json::array();
    for (const auto& field : event.fields) {
        fields.push_back({{"name", field.name}, {"type", field.type_name}, {"description", field.description}});
    }
    Json line = {{"event", event.name},
                 {"summary", event.summary},
                 {"subject", event.subject},
                 {"available", event.unavailable.empty()}};
    if (!event.unavailable.empty()) {
        line["reason"] = event.unavailable;
    }
    line["fields"] = std::move(fields);
    return line;
}

/// Those with a name of their own, and the channels of modules where they may be read.
std::vector<Event> named_events() {
    std::vector<Event> events = engine::curated_events();
    for (const auto& name : engine::generic_events("module:").value_or(std::vector<std::string>())) {
        if (auto channel = engine::find_event(name)) {
            events.push_back(std::move(*channel));
        }
    }
    return events;
}

using Others = std::expected<std::size_t, std::string>;

/// How many the kernel has of its own, or why none can be used.
Others count_others() {
    const auto generic = engine::generic_events("");
    if (!generic) {
        return std::unexpected("syscall: and tracepoint: events are hidden: " + generic.error().message());
    }
    const auto any = engine::find_event(generic->empty() ? "syscall:" : generic->front());
    if (!any) {
        return std::unexpected("syscall: and tracepoint: events cannot be used: " + any.error().message());
    }
    return generic->size();
}

int list_named(bool json) {
    std::vector<std::vector<std::string>> rows = {{"EVENT", "AVAILABLE", "WHAT HAPPENED"}};
    for (const auto& event : named_events()) {
        if (json) {
            print_json(describe(event));
        }
        rows.push_back({event.name, event.unavailable.empty() ? "yes" : "no: " + event.unavailable, event.summary});
    }
    if (!json) {
        print_table(rows);
    }
    const Others others = count_others();
    if (!others) {
        remark(others.error());
    } else if (!json) {
        remark("and " + std::to_string(*others) +
               " of the kernel's own: `sig2pid events syscall:`, `sig2pid events tracepoint:`");
    }
    return exit_done;
}

int list_generic(const std::string& prefix, bool json) {
    const auto names = engine::generic_events(prefix);
    if (!names) {
        return fail("events", names.error());
    }
    if (names->empty()) {
        report("events", "no event begins with '" + prefix + "'");
        return exit_usage;
    }
    for (const auto& name : *names) {
        json ? print_json({{"event", name}}) : print_line(name);
    }
    return exit_done;
}

int show(const std::string& name, bool json) {
    const auto event = engine::find_event(name);
    if (!event) {
        return fail("events", event.error());
    }
    if (json) {
        print_json(describe(*event));
        return exit_done;
    }
    print_line(event->name + ": " + event->summary +
               (event->subject.empty() ? "" : "; its subject is " + event->subject));
    std::vector<std::vector<std::string>> rows = {{"FIELD", "TYPE", "MEANING"}};
    for (const auto& field : event->fields) {
        rows.push_back({field.name, field.type_name, field.description});
    }
    print_table(rows);
    if (!event->unavailable.empty()) {
        remark("not to be had here: " + event->unavailable);
    }
    return exit_done;
}

/// "syscall:", "module:", "tracepoint:", "tracepoint:sched/": the beginning of many names, not the name of one.
bool is_prefix(const std::string& name) {
    return name.ends_with(':') || name.ends_with('/');
}

} // namespace

int events_command(int argc, char** argv) {
    std::string name;
    bool json = false;
    Arguments arguments("sig2pid events", "List the events that this kernel offers, or the fields of one.");
    arguments.operand("name", name, "NAME", "an event, or the beginning of names: syscall: module: tracepoint:sched/");
    arguments.flag("--json", json, "one JSON object an event");
    arguments.footer(
        "Examples:\n  sig2pid events\n  sig2pid events exit\n  sig2pid events tracepoint:sched/\n  sig2pid "
        "events syscall:openat");
    if (const std::optional<int> code = arguments.parse(argc, argv)) {
        return *code;
    }
    if (name.empty()) {
        return list_named(json);
    }
    return is_prefix(name) ? list_generic(name, json) : show(name, json);
}

} // namespace sig2pid::cli
