// SPDX-License-Identifier: BSD-2-Clause
#include "engine/catalog.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid::engine {

namespace {

struct Found {
    Field field;
    s2p_field load;
};

std::optional<Found> find_field(const SourcedEvent& event, std::string_view name) {
    const auto found = std::ranges::find(event.event.fields, name, &Field::name);
    const auto index = static_cast<std::size_t>(found - event.event.fields.begin());
    return found == event.event.fields.end() ? std::nullopt : std::optional(Found{*found, event.loads.at(index)});
}

/// The field that one declaration of a record becomes.
std::optional<Found> field_of(RecordField declared, bool is_syscall = false) {
    declared.name = declared.name.empty() ? "x" : declared.name;
    return find_field(event_of_record("made-up", RecordFormat{1, {declared}}, is_syscall), declared.name);
}

RecordField argument(std::string type) {
    return {std::move(type), "x", 16, 8, false};
}

TEST(EventOfRecord, an_integer_keeps_its_place_width_and_sign) {
    const auto found = field_of({"short", "x", 44, 2, true});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->field.type, FieldType::integer);
    EXPECT_EQ(found->field.bytes, 2);
    EXPECT_TRUE(found->field.is_signed);
    EXPECT_EQ(found->load.source, S2P_RECORD_INT);
    EXPECT_EQ(found->load.offset, 44);
    EXPECT_EQ(found->load.size, 2);
    EXPECT_EQ(found->load.is_signed, 1);
}

TEST(EventOfRecord, strings_are_told_by_how_they_are_reached) {
    const auto chars = field_of({"char[10]", "x", 34, 10, false});
    const auto located = field_of({"__data_loc char[]", "x", 8, 4, false});
    const auto pointer = field_of({"const char *", "x", 8, 8, false});
    ASSERT_TRUE(chars && located && pointer);
    EXPECT_EQ(chars->load.source, S2P_RECORD_CHARS);
    EXPECT_EQ(chars->load.size, 10);
    EXPECT_EQ(chars->field.capacity, 9);
    EXPECT_EQ(located->load.source, S2P_RECORD_LOC);
    EXPECT_EQ(located->field.capacity, 255);
    EXPECT_EQ(pointer->load.source, S2P_RECORD_KERNEL);
    EXPECT_EQ(field_of(argument("const char *"), true)->load.source, S2P_RECORD_USER);
}

TEST(EventOfRecord, an_array_of_integers_has_the_width_of_its_elements) {
    const auto found = field_of({"long[3]", "x", 16, 24, true});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->field.type, FieldType::integer);
    EXPECT_EQ(found->field.elements, 3);
    EXPECT_EQ(found->field.bytes, 8);
    EXPECT_TRUE(found->field.is_signed);
    EXPECT_EQ(found->load.source, S2P_RECORD_INTS);
    EXPECT_EQ(found->load.offset, 16);
    EXPECT_EQ(found->load.size, 8);
    EXPECT_EQ(found->load.elements, 3);
    EXPECT_EQ(field_of({"__u8[28]", "x", 16, 28, false})->field.bytes, 1);
}

TEST(EventOfRecord, an_array_whose_length_and_size_do_not_agree_is_left_out) {
    for (const RecordField& odd : std::vector<RecordField>{{"u32[3]", "x", 16, 13, false},
                                                           {"u32[0]", "x", 16, 0, false},
                                                           {"u32[N]", "x", 16, 12, false},
                                                           {"u32[3", "x", 16, 12, false},
                                                           {"u32[3]x", "x", 16, 12, false},
                                                           {"u32[-3]", "x", 16, 12, false},
                                                           {"struct in6_addr[2]", "x", 16, 32, false},
                                                           {"u8[65]", "x", 16, 65, false},
                                                           {"u8[99999999999999999999]", "x", 16, 9, false}}) {
        EXPECT_FALSE(field_of(odd)) << odd.type;
    }
}

TEST(EventOfRecord, a_string_may_be_located_from_behind_its_field) {
    const auto found = field_of({"__rel_loc char[]", "x", 8, 4, false});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->field.type, FieldType::string);
    EXPECT_EQ(found->load.source, S2P_RECORD_REL_LOC);
    EXPECT_EQ(found->load.offset, 8);
}

TEST(EventOfRecord, a_buffer_of_a_syscall_is_an_address) {
    const auto found = field_of(argument("char *"), true);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->field.type, FieldType::integer);
    EXPECT_EQ(found->field.bytes, 8);
}

TEST(EventOfRecord, a_long_char_array_is_cut_at_the_longest_string) {
    const auto found = field_of({"char[300]", "x", 8, 300, false});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->field.capacity, 255);
}

TEST(EventOfRecord, what_no_expression_can_use_is_left_out) {
    EXPECT_FALSE(field_of({"__data_loc u8[]", "x", 16, 4, false}));
    EXPECT_FALSE(field_of({"unsigned long[]", "x", 16, 0, false}));
    EXPECT_FALSE(field_of({"char[1]", "x", 16, 1, false}));
    EXPECT_FALSE(field_of({"char[0]", "x", 16, 0, false}));
    EXPECT_FALSE(field_of({"struct in6_addr", "x", 16, 16, false}));
    EXPECT_FALSE(field_of({"int", "x", 16, 3, false}));
    EXPECT_FALSE(field_of({"int", "__syscall_nr", 8, 4, true}));
}

TEST(EventOfRecord, a_syscalls_argument_has_the_width_that_the_kernel_uses_of_its_register) {
    struct Expected {
        std::string type;
        int bytes;
        bool is_signed;
    };
    for (const auto& [type, bytes, is_signed] : std::vector<Expected>{{"int", 4, true},
                                                                      {"const int", 4, true},
                                                                      {"mqd_t", 4, true},
                                                                      {"key_serial_t", 4, true},
                                                                      {"const clockid_t", 4, true},
                                                                      {"const __u32", 4, false},
                                                                      {"unsigned int", 4, false},
                                                                      {"umode_t", 2, false},
                                                                      {"const enum landlock_rule_type", 4, false},
                                                                      {"enum some *", 8, false},
                                                                      {"loff_t", 8, true},
                                                                      {"size_t", 8, false},
                                                                      {"const size_t", 8, false},
                                                                      {"struct stat *", 8, false}}) {
        const auto found = field_of(argument(type), true);
        ASSERT_TRUE(found) << type;
        EXPECT_EQ(found->field.bytes, bytes) << type;
        EXPECT_EQ(found->field.is_signed, is_signed) << type;
        EXPECT_EQ(found->load.size, bytes) << type;
        EXPECT_EQ(found->load.is_signed, is_signed ? 1 : 0) << type;
    }
}

TEST(EventOfRecord, the_records_own_field_hides_the_common_one) {
    const auto found = field_of({"pid_t", "pid", 24, 4, true});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->load.source, S2P_RECORD_INT);
    const SourcedEvent event = event_of_record("made-up", RecordFormat{1, {{"pid_t", "pid", 24, 4, true}}}, false);
    EXPECT_EQ(std::ranges::count(event.event.fields, "pid", &Field::name), 1);
    EXPECT_TRUE(find_field(event, "tid"));
}

TEST(EventOfRecord, more_fields_than_a_rule_can_have_are_cut) {
    RecordFormat format;
    for (int i = 0; i < 1'000; i++) {
        format.fields.push_back({"int", "f" + std::to_string(i), 8, 4, true});
    }
    const SourcedEvent event = event_of_record("made-up", format, false);
    EXPECT_EQ(event.event.fields.size(), std::size_t{S2P_MAX_FIELDS});
    EXPECT_EQ(event.loads.size(), event.event.fields.size());
}

TEST(FindSourcedEvent, a_kernel_that_does_not_tell_its_victim_has_no_oom_kill) {
    const auto event = find_sourced_event("oom-kill", KernelFeatures{});
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, ENOTSUP);
    EXPECT_EQ(event.error().reason, Reason::unsupported);
    EXPECT_NE(event.error().message().find("6.9"), std::string::npos);
    KernelFeatures newer;
    newer.oom_victim_is_task = true;
    EXPECT_TRUE(find_sourced_event("oom-kill", newer));
}

TEST(FindSourcedEvent, every_curated_event_has_the_fields_of_its_subject) {
    for (const auto& listed : curated_events()) {
        for (const auto name : {"time", "pid", "tid", "ppid", "uid", "comm", "cgroup"}) {
            EXPECT_NE(std::ranges::find(listed.fields, name, &Field::name), listed.fields.end())
                << listed.name << " " << name;
        }
        EXPECT_FALSE(listed.summary.empty());
        EXPECT_FALSE(listed.subject.empty());
    }
}

TEST(FindSourcedEvent, an_unknown_name_is_refused_with_the_nearest) {
    const auto event = find_sourced_event("sgnal", KernelFeatures{});
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, EINVAL);
    EXPECT_NE(event.error().message().find("'signal'"), std::string::npos);
}

} // namespace

} // namespace sig2pid::engine
