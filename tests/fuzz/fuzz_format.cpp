// SPDX-License-Identifier: BSD-2-Clause
// Any text of a tracepoint's format is either refused, or becomes an event whose every field can be encoded for the
// kernel program and read from a record.
#include "engine/catalog.hpp"
#include "engine/tracefs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace {

using namespace sig2pid::engine;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_integer(const Field& field, const s2p_field& load) {
    require(field.bytes == 1 || field.bytes == 2 || field.bytes == 4 || field.bytes == 8);
    if (load.source == S2P_RECORD_INT) {
        require(load.size == field.bytes);
        require((load.is_signed != 0) == field.is_signed);
    }
}

void check_string(const Field& field, const s2p_field& load) {
    require(field.capacity >= 1 && field.capacity < S2P_MAX_STRING);
    if (load.source == S2P_RECORD_CHARS) {
        require(load.size > field.capacity);
    }
}

void check_event(const SourcedEvent& event) {
    const auto& fields = event.event.fields;
    require(fields.size() == event.loads.size() && fields.size() <= S2P_MAX_FIELDS);
    for (std::size_t i = 0; i < fields.size(); i++) {
        require(!fields[i].name.empty());
        require(event.loads[i].source >= S2P_RECORD_INT && event.loads[i].source <= S2P_CGROUP);
        if (fields[i].type == FieldType::string) {
            check_string(fields[i], event.loads[i]);
        } else if (fields[i].type == FieldType::integer) {
            check_integer(fields[i], event.loads[i]);
        }
    }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
    const auto format = parse_format({reinterpret_cast<const char*>(data), size});
    if (!format) {
        require(format.error().code == EBADMSG);
        return 0;
    }
    for (const auto& field : format->fields) {
        require(!field.name.empty() && !field.type.empty() && !field.name.starts_with("common_"));
    }
    check_event(event_of_record("fuzzed", *format, true));
    check_event(event_of_record("fuzzed", *format, false));
    return 0;
}
