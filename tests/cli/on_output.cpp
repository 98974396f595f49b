// SPDX-License-Identifier: BSD-2-Clause
// What `on` prints, and what becomes of it where nobody reads, or nothing can be written.
#include "cli/cli.hpp"

#include <sig2pid/receiver.hpp>

#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class OnOutput : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) {
            GTEST_SKIP() << "loading BPF programs needs root";
        }
    }
};

constexpr mode_t last_mask = 0777;

/// More events than a reader that does not read leaves room for, each the payload 0; then the last mask for ever.
int make_events(const std::function<void()>& ready) {
    ::prctl(PR_SET_NAME, "flooder");
    for (int i = 0; i < 40'000; ++i) {
        ::umask(0);
    }
    for (ready();;) {
        ::umask(last_mask);
    }
}

/// Exits with 0 when the payload of its signal is the last mask.
int await_last_mask(const std::function<void()>& ready) {
    auto receiver = Receiver::make({Signal(SIGRTMIN + 3)}).value();
    ready();
    while (receiver.receive().value()->value != last_mask) {
    }
    return 0;
}

Arguments rule_on_events(const Child& target, const Arguments& more) {
    Arguments arguments = {"on", "syscall:umask", "--where", "comm == \"flooder\"",       "-q", "mask",
                           "-s", "RTMIN+3",       "--to",    std::to_string(target.pid())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

TEST_F(OnOutput, goes_on_sending_while_nobody_reads_its_lines) {
    const Child target(await_last_mask);
    Command rule(sig2pid(rule_on_events(target, {"--rung", "pidfd"})));
    ASSERT_EQ(rule.read_err_line(), "ready");
    {
        const Child events(make_events);
        wait_for_exit(target.process());
    }
    const Process process = Process::open(rule.pid()).value();
    kill(rule.pid(), SIGINT); // the target is gone; it would wait for a reader
    wait_for_exit(process);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 1) << ended.err;
    EXPECT_TRUE(contains(ended.err, " matches not shown")) << ended.err;
}

TEST_F(OnOutput, ctrl_c_ends_it_with_the_account_though_nobody_reads) {
    const Child target(block_all_and_pause);
    Command rule(sig2pid(rule_on_events(target, {"--json"})));
    const Process process = Process::open(rule.pid()).value();
    EXPECT_EQ(rule.read_out_line(), R"({"ready":true})");
    {
        const Child events(make_events);
    }
    kill(rule.pid(), SIGINT);
    wait_for_exit(process);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0) << ended.err;
    const Json summary = json_lines(ended.err).at(0)["summary"];
    EXPECT_EQ(summary["ended"], "stopped");
    EXPECT_GT(summary["unreported"].number(), 0);
    EXPECT_EQ(json_lines(ended.out).at(0)["seq"], 1); // each line is whole
}

TEST_F(OnOutput, a_slow_reader_gets_a_burst_to_its_end) {
    const Child target(block_all_and_pause);
    Command rule(sig2pid(rule_on_events(target, {"--json", "--count", "1000", "--rung", "pidfd"})));
    EXPECT_EQ(rule.read_out_line(), R"({"ready":true})");
    const Child events(make_events); // nothing is read before its burst is over
    const Outcome ended = rule.finish();
    const auto lines = json_lines(ended.out);
    const Json summary = lines.back()["summary"];
    EXPECT_EQ(summary["ended"], "count");
    EXPECT_EQ(lines.size() - 1 + static_cast<std::size_t>(summary["unreported"].number()),
              static_cast<std::size_t>(summary["matched"].number()));
}

TEST_F(OnOutput, ends_with_the_account_and_code_3_when_its_reader_leaves) {
    const Child target(block_all_and_pause);
    Arguments script = {"sh", "-c", "(\"$0\" \"$@\"; echo rc=$? >&2) | head -1"};
    for (const std::string& word : sig2pid(rule_on_events(target, {}))) {
        script.push_back(word);
    }
    Command rule(script);
    ASSERT_EQ(rule.read_err_line(), "ready");
    const Child events(make_events);
    const Outcome ended = rule.finish();
    EXPECT_TRUE(ended.out.starts_with("#1 ")) << ended.out;
    EXPECT_TRUE(ended.err.starts_with("matched ")) << ended.err;
    EXPECT_TRUE(contains(ended.err, "standard output")) << ended.err;
    EXPECT_TRUE(ended.err.ends_with("rc=3\n")) << ended.err;
}

TEST_F(OnOutput, the_word_ready_is_no_match_that_was_not_shown) {
    const Child target(block_all_and_pause);
    Arguments script = {"sh", "-c", "exec \"$0\" \"$@\" >/dev/full"};
    for (const std::string& word : sig2pid(rule_on_events(target, {"--json", "--count", "3"}))) {
        script.push_back(word);
    }
    Command rule(script);
    const Process process = Process::open(rule.pid()).value();
    const Child events([&](const auto& ready) {
        ::prctl(PR_SET_NAME, "flooder");
        ready();
        while (process.state() == ProcessState::alive) { // nothing tells that it is armed
            ::umask(0);
        }
        return 0;
    });
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 3);
    const Json summary = json_lines(ended.err.substr(0, ended.err.find('\n') + 1)).at(0)["summary"];
    EXPECT_EQ(summary["matched"], 3) << ended.err;
    EXPECT_EQ(summary["unreported"], 3) << ended.err;
    EXPECT_TRUE(contains(ended.err, "No space left on device")) << ended.err;
}

TEST_F(OnOutput, an_overflow_has_its_reason_whoever_saw_it) {
    for (const Arguments& rung : {Arguments{}, Arguments{"--rung", "pidfd"}}) {
        const Child target(block_all_with_full_queue);
        Arguments more = {"--json", "--count", "1"};
        more.insert(more.end(), rung.begin(), rung.end());
        Command rule(sig2pid(rule_on_events(target, more)));
        EXPECT_EQ(rule.read_out_line(), R"({"ready":true})");
        const Child events(make_events);
        const Json line = json_lines(rule.finish().out).at(0);
        EXPECT_EQ(line["verdict"], "overflow") << line;
        EXPECT_TRUE(contains(line["reason"].text(), "RLIMIT_SIGPENDING")) << line;
    }
}

} // namespace
} // namespace sig2pid::test
