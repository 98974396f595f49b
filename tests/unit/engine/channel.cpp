// SPDX-License-Identifier: BSD-2-Clause
#include "engine/channel.hpp"

#include <sig2pid/engine/rule.hpp>

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/sig2pid.h>

namespace sig2pid::engine {

namespace {

std::vector<std::byte> bytes_of(const std::vector<sig2pid_event>& events) {
    std::vector<std::byte> bytes(events.size() * sizeof(sig2pid_event));
    std::memcpy(bytes.data(), events.data(), bytes.size());
    return bytes;
}

RuleText rule_on(std::string event) {
    RuleText text;
    text.event = std::move(event);
    text.target = *parse_rule_target("1");
    return text;
}

TEST(ChannelName, is_what_the_module_allows) {
    EXPECT_EQ(channel_of("module:irq-work"), "irq-work");
    EXPECT_EQ(channel_of("module:A.b_9"), "A.b_9");
    const std::string longest(SIG2PID_NAME_SIZE - 1, 'x');
    EXPECT_EQ(channel_of("module:" + longest), longest);
    for (const std::string& name : {std::string(), std::string("a b"), std::string("a/b"), std::string("a\n"),
                                    std::string("a\0b", 3), std::string("\xC3\xA4"), longest + "x"}) {
        const auto channel = channel_of("module:" + name);
        ASSERT_FALSE(channel) << name;
        EXPECT_EQ(channel.error().code, EINVAL);
        EXPECT_EQ(channel.error().reason, Reason::bad_input);
    }
}

TEST(ChannelList, names_the_channels_and_nothing_else) {
    EXPECT_EQ(
        parse_channels("sent 3\nEPERM 0\nchannel irq-work subscribers 0 raised 1\nchannel b subscribers 1 raised 0\n"),
        (std::vector<std::string>{"irq-work", "b"}));
    EXPECT_EQ(parse_channels("channel last"), (std::vector<std::string>{"last"}));
    for (const char* text : {"", "\n\n", "channel", "channel ", "channel \n", "channel  x", "channels x", " channel x",
                             "channel a/b subscribers 0", "channel aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
        EXPECT_TRUE(parse_channels(text).empty()) << text;
    }
}

TEST(ChannelRecords, are_read_whole_and_in_order) {
    const auto records = parse_records(bytes_of({{1, 10, -1}, {2, 11, INT64_MIN}, {7, 12, 5}}), 0);
    ASSERT_TRUE(records) << records.error().message();
    EXPECT_EQ(*records, (std::vector<ChannelRecord>{{1, 10, -1}, {2, 11, INT64_MIN}, {7, 12, 5}}));
    EXPECT_TRUE(parse_records({}, 0)->empty());
}

TEST(ChannelRecords, that_are_torn_or_out_of_sequence_are_refused) {
    const auto two = bytes_of({{1, 10, 0}, {2, 10, 0}});
    for (std::size_t size = 1; size < two.size(); size++) {
        EXPECT_EQ(parse_records(std::span(two).first(size), 0).has_value(), size == sizeof(sig2pid_event)) << size;
    }
    EXPECT_EQ(parse_records(two, 1).error().code, EBADMSG);
    EXPECT_EQ(parse_records(bytes_of({{2, 0, 0}, {2, 0, 0}}), 0).error().code, EBADMSG);
    EXPECT_EQ(parse_records(bytes_of({{3, 0, 0}, {2, 0, 0}}), 0).error().code, EBADMSG);
    EXPECT_EQ(parse_records(bytes_of({{0, 0, 0}}), 0).error().code, EBADMSG);
}

TEST(ChannelRule, takes_conditions_and_values_of_the_record) {
    for (const char* where : {"", "value < -3 && sequence > 1", "time >= 10s", "value in [1, 2]"}) {
        RuleText text = rule_on("module:x");
        text.where = where;
        text.value = "value";
        EXPECT_TRUE(Rule::check(text)) << where;
    }
}

TEST(ChannelRule, refuses_what_an_event_of_no_process_does_not_have) {
    const auto refused = [](const RuleText& text) {
        const auto rule = Rule::check(text);
        return !rule && rule.error().code == EINVAL && rule.error().reason == Reason::bad_input;
    };
    for (const char* target : {"current", "subject", "parent"}) {
        RuleText text = rule_on("module:x");
        text.target = *parse_rule_target(target);
        EXPECT_TRUE(refused(text)) << target;
    }
    for (const Rung rung : {Rung::direct, Rung::task_work, Rung::pidfd}) {
        RuleText text = rule_on("module:x");
        text.rung = rung;
        EXPECT_EQ(refused(text), rung != Rung::pidfd) << to_string(rung);
    }
    RuleText text = rule_on("module:x");
    text.where = "pid == 1";
    EXPECT_TRUE(refused(text));
    text = rule_on("module:x");
    text.value = "pid";
    EXPECT_TRUE(refused(text));
    EXPECT_TRUE(refused(rule_on("module:")));
}

} // namespace

} // namespace sig2pid::engine
