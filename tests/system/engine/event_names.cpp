// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own list of events: what is there is found, and what is not is refused with the nearest name.
#include "engine/tracefs.hpp"

#include <sig2pid/engine/event.hpp>

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid::engine {

namespace {

class EventNames : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto tracefs = Tracefs::open(); !tracefs) {
            GTEST_SKIP() << tracefs.error().message();
        }
    }

    static Error refused(std::string_view name) {
        const auto event = find_event(name);
        EXPECT_FALSE(event) << name;
        return event ? Error{} : event.error();
    }

    static void expect_hint(std::string_view name, const std::string& hint) {
        const Error error = refused(name);
        EXPECT_EQ(error.code, EINVAL) << name;
        EXPECT_EQ(error.reason, Reason::bad_input) << name;
        EXPECT_NE(error.message().find(hint), std::string::npos) << error.message();
    }

    static const Field* field_of(const Event& event, std::string_view name) {
        const auto found = std::ranges::find(event.fields, name, &Field::name);
        return found == event.fields.end() ? nullptr : &*found;
    }
};

TEST_F(EventNames, an_unknown_name_is_refused_with_the_nearest) {
    expect_hint("exot", "'exit'");
    expect_hint("oomkill", "'oom-kill'");
    expect_hint("syscall:unlnkat", "'syscall:unlinkat'");
    expect_hint("tracepoint:sched/sched_swich", "'tracepoint:sched/sched_switch'");
    expect_hint("tracepoint:shed/sched_switch", "'tracepoint:sched/sched_switch'");
    expect_hint("no-event-is-called-so", "sig2pid events");
}

TEST_F(EventNames, a_tracepoint_without_its_category_is_told_how_to_write_it) {
    expect_hint("tracepoint:sched_switch", "CATEGORY/NAME");
    expect_hint("tracepoint:", "CATEGORY/NAME");
}

TEST_F(EventNames, no_name_leads_out_of_the_list) {
    using std::string_view_literals::operator""sv;
    for (const auto name : {"syscall:"sv,
                            "syscall:../../sched/sched_switch"sv,
                            "syscall:unlinkat/"sv,
                            "syscall:unlinkat/../sys_enter_openat"sv,
                            "syscall:unlinkat\0"sv,
                            "tracepoint:/"sv,
                            "tracepoint:/sched_switch"sv,
                            "tracepoint:sched/"sv,
                            "tracepoint:../sched"sv,
                            "tracepoint:./sched"sv,
                            "tracepoint:sched/.."sv,
                            "tracepoint:sched/."sv,
                            "tracepoint:sched/../sched/sched_switch"sv,
                            "tracepoint:sched/sched_switch/"sv,
                            "tracepoint:sched//sched_switch"sv,
                            "tracepoint:sched/sched_switch\0x"sv,
                            "tracepoint:sched\0/sched_switch"sv,
                            "tracepoint:sched/enable"sv,
                            "tracepoint:enable/sched_switch"sv,
                            "tracepoint:header_page/x"sv,
                            ""sv,
                            " exit"sv,
                            "exit "sv,
                            "exit\0"sv}) {
        const Error error = refused(name);
        EXPECT_EQ(error.code, EINVAL) << name;
        EXPECT_EQ(error.reason, Reason::bad_input) << name;
    }
}

TEST_F(EventNames, an_endless_name_is_an_unknown_one) {
    for (const auto& prefix : {std::string("syscall:"), std::string("tracepoint:sched/"), std::string()}) {
        EXPECT_EQ(refused(prefix + std::string(10'000, 'x')).code, EINVAL);
    }
}

TEST_F(EventNames, every_listed_event_is_found_with_its_fields) {
    for (const auto& prefix : {"syscall:", "tracepoint:sched/", "tracepoint:signal/", "tracepoint:block/"}) {
        const auto names = generic_events(prefix);
        ASSERT_TRUE(names) << names.error().message();
        EXPECT_FALSE(names->empty()) << prefix;
        EXPECT_TRUE(std::ranges::is_sorted(*names));
        for (const auto& name : *names) {
            const auto event = find_event(name);
            ASSERT_TRUE(event) << name << event.error().message();
            EXPECT_EQ(event->name, name);
            EXPECT_NE(field_of(*event, "comm"), nullptr) << name;
        }
    }
}

TEST_F(EventNames, a_prefix_chooses_among_the_generic_events) {
    const auto names = generic_events("syscall:unlink");
    ASSERT_TRUE(names) << names.error().message();
    EXPECT_EQ(*names, (std::vector<std::string>{"syscall:unlink", "syscall:unlinkat"}));
    const auto none = generic_events("nothing:");
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
}

TEST_F(EventNames, a_syscalls_arguments_have_the_width_that_the_kernel_uses) {
    const auto event = find_event("syscall:unlinkat");
    ASSERT_TRUE(event) << event.error().message();
    const Field* const dfd = field_of(*event, "dfd");
    const Field* const path = field_of(*event, "pathname");
    ASSERT_TRUE(dfd != nullptr && path != nullptr);
    EXPECT_TRUE(dfd->is_signed);
    EXPECT_EQ(dfd->bytes, 4);
    EXPECT_EQ(path->type, FieldType::string);
    EXPECT_EQ(field_of(*event, "__syscall_nr"), nullptr);
}

TEST_F(EventNames, the_curated_ones_are_found_or_say_why_not) {
    for (const auto& listed : curated_events()) {
        const auto event = find_event(listed.name);
        EXPECT_EQ(event.has_value(), listed.unavailable.empty()) << listed.name;
        if (!event) {
            EXPECT_EQ(event.error().code, ENOTSUP);
            EXPECT_NE(event.error().message().find(listed.unavailable), std::string::npos);
        }
    }
}

} // namespace

} // namespace sig2pid::engine
