// SPDX-License-Identifier: BSD-2-Clause
#include "engine/catalog.hpp"

#include "engine/channel.hpp"
#include "lib/nearest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <ranges>

namespace sig2pid::engine {

namespace {

constexpr std::uint16_t string_capacity = S2P_MAX_STRING - 1;

struct OwnField {
    std::string_view name, type_name, description;
    FieldType type = FieldType::integer;
    std::uint8_t bytes = 4;
    bool is_signed = false;
};

struct Curated {
    std::string_view name, summary, subject;
    Program program;
    std::array<OwnField, S2P_OWN_FIELDS> own;
};

constexpr std::array<Curated, 5> curated = {{
    {"exec",
     "a process has started another program",
     "the process",
     Program::exec,
     {{{"filename", "string", "path of the program, as it was asked for", FieldType::string, 8, false}, {}, {}, {}}}},
    {"exit",
     "a process has exited (all its threads)",
     "the process that exits",
     Program::exit,
     {{{"code", "u8", "exit code, 0 when a signal ended it", FieldType::integer, 1, false},
       {"signal", "u8", "signal that ended it, or 0", FieldType::integer, 1, false},
       {"core", "bool", "whether the kernel dumped core", FieldType::boolean, 1, false},
       {}}}},
    {"fork",
     "a process has made another one (not a thread)",
     "the parent",
     Program::fork,
     {{{"child", "u32", "process id of the child", FieldType::integer, 4, false}, {}, {}, {}}}},
    {"oom-kill",
     "the kernel kills a process for want of memory",
     "the victim",
     Program::oom_kill,
     {{{"rss_kb", "u64", "resident memory of the victim in KiB, within the kernel's per-CPU batches",
        FieldType::integer, 8, false},
       {"global", "bool", "the machine is out of memory: no memory cgroup of the victim is at its limit",
        FieldType::boolean, 1, false},
       {},
       {}}}},
    {"signal",
     "a signal is sent to a process or thread (not those that the rule sends itself)",
     "the receiver",
     Program::signal,
     {{{"sig", "u8", "signal number", FieldType::integer, 1, false},
       {"code", "s32", "si_code: 0 kill(2), -1 sigqueue(3), 128 the kernel", FieldType::integer, 4, true},
       {"sender", "u32", "process id of the sender; 0 for the kernel and for processes this PID namespace cannot see",
        FieldType::integer, 4, false},
       {}}}},
}};

Field make_field(const OwnField& own) {
    Field field;
    field.name = own.name;
    field.type = own.type;
    field.bytes = own.bytes;
    field.is_signed = own.is_signed;
    field.capacity = own.type == FieldType::string ? string_capacity : std::uint16_t{0};
    field.description = own.description;
    field.type_name = own.type_name;
    return field;
}

struct CommonField {
    OwnField field;
    s2p_source source;
    std::uint16_t capacity;
};

constexpr std::array<CommonField, 7> common = {{
    {{"time", "u64", "nanoseconds since boot (CLOCK_BOOTTIME)", FieldType::integer, 8, false}, S2P_TIME, 0},
    {{"pid", "u32", "process id of the subject, here and below", FieldType::integer, 4, false}, S2P_PID, 0},
    {{"tid", "u32", "thread id", FieldType::integer, 4, false}, S2P_TID, 0},
    {{"ppid", "u32", "process id of the parent", FieldType::integer, 4, false}, S2P_PPID, 0},
    {{"uid", "u32", "real user id", FieldType::integer, 4, false}, S2P_UID, 0},
    {{"comm", "string", "name of the thread, at most 15 bytes", FieldType::string, 8, false},
     S2P_COMM_TEXT,
     S2P_COMM - 1},
    {{"cgroup", "string", "path of the control group (v2)", FieldType::string, 8, false}, S2P_CGROUP, string_capacity},
}};

/// The tracepoint's own names come first: its pid is not always the subject's.
void add_common(SourcedEvent& target) {
    for (const auto& entry : common) {
        const bool taken =
            std::ranges::find(target.event.fields, entry.field.name, &Field::name) != target.event.fields.end();
        if (!taken && target.event.fields.size() < S2P_MAX_FIELDS) {
            target.event.fields.push_back(make_field(entry.field));
            target.event.fields.back().capacity = entry.capacity;
            target.loads.push_back({.source = static_cast<__u16>(entry.source),
                                    .offset = 0,
                                    .size = 8,
                                    .is_signed = 0,
                                    .elements = 0,
                                    .at = 0,
                                    .room = 0});
        }
    }
}

SourcedEvent make_curated(const Curated& entry) {
    SourcedEvent result;
    result.program = entry.program;
    result.skips_agent = entry.program == Program::signal;
    result.event.name = entry.name;
    result.event.summary = entry.summary;
    result.event.subject = entry.subject;
    __u16 integers = 0;
    for (const auto& own : entry.own | std::views::take_while([](const auto& field) { return !field.name.empty(); })) {
        const bool is_string = own.type == FieldType::string;
        const auto source = static_cast<__u16>(is_string ? S2P_OWN_TEXT : S2P_OWN_INT);
        result.event.fields.push_back(make_field(own));
        result.loads.push_back({.source = source,
                                .offset = is_string ? __u16{0} : integers++,
                                .size = 8,
                                .is_signed = 0,
                                .elements = 0,
                                .at = 0,
                                .room = 0});
    }
    add_common(result);
    return result;
}

/// A syscall's arguments stand in registers of 8 bytes, whatever their type: this is what the kernel uses of them.
struct ArgumentType {
    std::string_view name;
    std::uint8_t bytes;
    bool is_signed;
};
constexpr std::array<ArgumentType, 21> argument_types = {{
    {"int", 4, true},           {"pid_t", 4, true},     {"clockid_t", 4, true}, {"key_t", 4, true},
    {"timer_t", 4, true},       {"long", 8, true},      {"loff_t", 8, true},    {"off_t", 8, true},
    {"unsigned int", 4, false}, {"unsigned", 4, false}, {"uid_t", 4, false},    {"gid_t", 4, false},
    {"u32", 4, false},          {"__u32", 4, false},    {"uint32_t", 4, false}, {"qid_t", 4, false},
    {"umode_t", 2, false},      {"__s32", 4, true},     {"rwf_t", 4, true},     {"mqd_t", 4, true},
    {"key_serial_t", 4, true},
}};

/// Nothing for a type that fills its register.
std::optional<ArgumentType> argument_type(std::string_view declared) {
    declared.remove_prefix(declared.starts_with("const ") ? 6 : 0);
    const auto* const found = std::ranges::find(argument_types, declared, &ArgumentType::name);
    if (found != argument_types.end()) {
        return *found;
    }
    const bool is_enum = declared.starts_with("enum ") && !declared.ends_with('*');
    return is_enum ? std::optional(ArgumentType{declared, 4, false}) : std::nullopt;
}

constexpr std::size_t most_elements = 64; ///< of an array that is offered; the kernel's have up to 32

/// How many elements "unsigned long[6]" has; 0 where it is no array, or none whose length is said in a number.
std::size_t elements_of(const RecordField& declared) {
    const std::size_t bracket = declared.type.find('[');
    std::size_t count = 0;
    if (bracket == std::string::npos || declared.type.starts_with("char[")) { // a text, or none at all
        return 0;
    }
    const char* const end = declared.type.data() + declared.type.size();
    const auto [rest, error] = std::from_chars(declared.type.data() + bracket + 1, end, count);
    return error == std::errc() && std::string_view(rest, end) == "]" && count <= most_elements ? count : 0;
}

bool is_width(std::size_t bytes) {
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

/// What a record's field is to an expression, or nothing where it is of no use there.
std::optional<std::pair<Field, s2p_field>> usable(const RecordField& declared, bool is_syscall) {
    Field field;
    field.name = declared.name;
    field.type_name = declared.type;
    s2p_field load = {};
    load.source = S2P_RECORD_INT;
    load.offset = declared.offset;
    load.size = declared.size;
    const bool is_text_pointer = declared.type == "const char *" || (declared.type == "char *" && !is_syscall);
    if (declared.type == "__data_loc char[]") {
        load.source = S2P_RECORD_LOC;
    } else if (declared.type == "__rel_loc char[]") {
        load.source = S2P_RECORD_REL_LOC;
    } else if (declared.type.starts_with("char[") && declared.size > 1) {
        load.source = S2P_RECORD_CHARS;
    } else if (is_text_pointer) {
        load.source = is_syscall ? S2P_RECORD_USER : S2P_RECORD_KERNEL;
    }
    if (load.source != S2P_RECORD_INT) {
        field.type = FieldType::string;
        field.capacity = load.source == S2P_RECORD_CHARS ? std::min<std::uint16_t>(declared.size - 1, string_capacity)
                                                         : string_capacity;
        return std::pair(field, load);
    }
    const std::size_t elements = elements_of(declared);
    const std::size_t width = elements != 0 ? declared.size / elements : declared.size;
    const bool is_array = declared.type.contains('[');
    if ((is_array && (elements == 0 || declared.size % elements != 0)) || !is_width(width)) {
        return std::nullopt;
    }
    field.type = declared.type == "bool" ? FieldType::boolean : FieldType::integer;
    field.bytes = static_cast<std::uint8_t>(width);
    field.elements = static_cast<std::uint16_t>(elements);
    load.source = is_array ? S2P_RECORD_INTS : S2P_RECORD_INT;
    load.elements = field.elements;
    field.is_signed = declared.is_signed;
    if (const auto argument = argument_type(declared.type); is_syscall && argument) {
        field.bytes = argument->bytes;
        field.is_signed = argument->is_signed;
    }
    load.size = field.bytes;
    load.is_signed = field.is_signed ? 1 : 0;
    return std::pair(field, load);
}

std::string unavailable_reason(Program program, const KernelFeatures& kernel) {
    return program == Program::oom_kill && !kernel.oom_victim_is_task
               ? "this kernel does not say which task it kills; Linux 6.9 and later do, and some stable kernels before"
               : std::string();
}

Error unknown_event(std::string_view name, std::span<const std::string_view> known) {
    std::string text = "there is no event '" + std::string(name) + "'";
    const std::string_view near = nearest(name, known);
    text += near.empty() ? "; `sig2pid events` lists them" : "; did you mean '" + std::string(near) + "'?";
    return Error{EINVAL, "find_event", text, Reason::bad_input};
}

Error unknown_event(std::string_view name) {
    std::array<std::string_view, curated.size()> known;
    std::ranges::transform(curated, known.begin(), &Curated::name);
    return unknown_event(name, known);
}

/// The category, or where there is none of this name the nearest one; empty where none is near.
std::string known_category(const Tracefs& tracefs, const std::string& category) {
    const auto names = tracefs.list().value_or(std::vector<std::string>());
    const std::vector<std::string_view> known(names.begin(), names.end());
    return std::string(std::ranges::find(known, category) != known.end() ? category : nearest(category, known));
}

/// The names beside the one that was not found.
Error unknown_tracepoint(const Tracefs& tracefs, std::string_view name, bool is_syscall, const std::string& category) {
    const std::string near = known_category(tracefs, category);
    auto names = near.empty() ? std::vector<std::string>() : tracefs.list(near).value_or(std::vector<std::string>());
    const std::string lead = "tracepoint:" + near + "/";
    for (auto& entry : names) {
        if (!is_syscall) {
            entry.insert(0, lead);
        } else if (entry.starts_with("sys_enter_")) {
            entry = "syscall:" + entry.substr(10);
        }
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    return unknown_event(name, known);
}

/// Tracepoints on the way of a send in the kernel. A rung in the kernel would set its own rule off, in an interrupt
/// that never ends; measured with signal_generate: not even SIGKILL got through.
constexpr std::array<std::string_view, 9> raised_by_sending = {"irq_vectors", "irq_work", "signal", "kmem",      "ipi",
                                                               "lock",        "msr",      "csd",    "preemptirq"};

Result<SourcedEvent> find_generic(std::string_view name, bool is_syscall) {
    const auto tracefs = Tracefs::open();
    if (!tracefs) {
        return std::unexpected(tracefs.error());
    }
    const std::string prefix = is_syscall ? "syscall:" : "tracepoint:";
    const std::string rest(name.substr(prefix.size()));
    const auto slash = rest.find('/');
    if (!is_syscall && slash == std::string::npos) {
        return failure(EINVAL, "find_event",
                       "a tracepoint is written tracepoint:CATEGORY/NAME, such as tracepoint:sched/sched_switch",
                       Reason::bad_input);
    }
    const std::string category = is_syscall ? "syscalls" : rest.substr(0, slash);
    const auto format = tracefs->format(category, is_syscall ? "sys_enter_" + rest : rest.substr(slash + 1));
    if (!format) {
        return std::unexpected(format.error().code == ENOENT ? unknown_tracepoint(*tracefs, name, is_syscall, category)
                                                             : format.error());
    }
    SourcedEvent event =
        event_of_record(std::string(name), *format,
                        is_syscall || (category == "syscalls" && rest.find("sys_enter_") != std::string::npos));
    // reporting a match is system calls, switches, allocations: any of them may be what the rule waits for
    event.skips_agent = true;
    event.is_raised_by_sending = std::ranges::find(raised_by_sending, category) != raised_by_sending.end();
    return event;
}

} // namespace

SourcedEvent event_of_record(std::string name, const RecordFormat& format, bool is_syscall) {
    SourcedEvent result;
    result.event.name = std::move(name);
    result.event.summary = is_syscall ? "a process calls the kernel; arguments by name"
                                      : "a tracepoint of the kernel, with its own fields";
    result.event.subject = "the task that runs";
    result.tracepoint = format.id;
    for (const auto& declared : format.fields) {
        const auto field = usable(declared, is_syscall);
        if (field && !declared.name.starts_with("__") && result.event.fields.size() < S2P_MAX_FIELDS) {
            result.event.fields.push_back(field->first);
            result.loads.push_back(field->second);
        }
    }
    add_common(result);
    return result;
}

Result<SourcedEvent> find_sourced_event(std::string_view name, const KernelFeatures& kernel) {
    if (name.starts_with("syscall:") || name.starts_with("tracepoint:")) {
        return find_generic(name, name.starts_with("syscall:"));
    }
    const auto* const entry = std::ranges::find(curated, name, &Curated::name);
    if (entry == curated.end()) {
        return std::unexpected(unknown_event(name));
    }
    const std::string reason = unavailable_reason(entry->program, kernel);
    if (!reason.empty()) {
        return failure(ENOTSUP, "find_event", "the event '" + std::string(name) + "' is not to be had: " + reason,
                       Reason::unsupported);
    }
    return make_curated(*entry);
}

std::vector<Event> curated_events() {
    const auto kernel = KernelFeatures::read();
    std::vector<Event> events;
    for (const auto& entry : curated) {
        events.push_back(make_curated(entry).event);
        events.back().unavailable = kernel ? unavailable_reason(entry.program, *kernel) : kernel.error().message();
    }
    return events;
}

Result<std::vector<std::string>> generic_events(std::string_view prefix) {
    if (prefix.starts_with(channel_prefix)) {
        return channel_names(prefix);
    }
    const auto tracefs = Tracefs::open();
    if (!tracefs) {
        return std::unexpected(tracefs.error());
    }
    const auto categories = tracefs->list();
    if (!categories) {
        return std::unexpected(categories.error());
    }
    std::vector<std::string> names;
    for (const auto& category : *categories) {
        const std::string lead = "tracepoint:" + category + "/";
        for (const auto& entry : tracefs->list(category).value_or(std::vector<std::string>())) {
            if (category == "syscalls" && entry.starts_with("sys_enter_")) {
                names.push_back("syscall:" + entry.substr(10));
            }
            names.push_back(lead + entry);
        }
    }
    std::erase_if(names, [prefix](const std::string& entry) { return !entry.starts_with(prefix); });
    std::ranges::sort(names);
    return names;
}

Result<Event> find_event(std::string_view name) {
    if (name.starts_with(channel_prefix)) {
        return find_channel_event(name);
    }
    const auto kernel = KernelFeatures::read();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    auto found = find_sourced_event(name, *kernel);
    return found ? Result<Event>(std::move(found->event)) : std::unexpected(found.error());
}

} // namespace sig2pid::engine
