// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"
#include "helpers/confined.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <grp.h>
#include <gtest/gtest.h>
#include <ostream>
#include <sched.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class OnCommand : public testing::Test {
protected:
    OnCommand() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sig2pid-on-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
        std::filesystem::create_symlink("/bin/sh", directory_ / "worker");
    }
    ~OnCommand() override { std::filesystem::remove_all(directory_); }

    void SetUp() override {
        if (geteuid() != 0) {
            GTEST_SKIP() << "loading BPF programs needs root";
        }
    }

    /// A process named worker that exits with this code.
    void run_worker(int code) const {
        EXPECT_EQ(run({(directory_ / "worker").string(), "-c", "exit " + std::to_string(code)}).status, code);
    }

    std::filesystem::path directory_;
};

/// A receiver of RTMIN+3 that is ready.
class Receiving {
public:
    explicit Receiving(Arguments arguments = {"recv", "--json", "--count", "1", "RTMIN+3"})
        : command_(sig2pid(std::move(arguments))), pid_(std::to_string(command_.pid())) {
        EXPECT_TRUE(contains(command_.read_err_line(), "ready"));
    }
    [[nodiscard]] const std::string& pid() const { return pid_; }
    Outcome finish() { return command_.finish(); }
    void end() const { kill(command_.pid(), SIGTERM); }

private:
    Command command_;
    std::string pid_;
};

const std::string worker_failed = R"(comm == "worker" && code != 0)";

TEST_F(OnCommand, an_exit_status_reaches_recv_from_the_kernel) {
    Receiving receiver;
    Command rule(sig2pid({"on", "exit", "--where", worker_failed, "-s", "RTMIN+3", "-q", "code", "--to", receiver.pid(),
                          "--count", "1"}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    run_worker(0);
    run_worker(7);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_TRUE(contains(ended.out, "code=7")) << ended.out;
    EXPECT_TRUE(contains(ended.err, "matched 1, delivered 1 (")) << ended.err;
    const Outcome received = receiver.finish();
    EXPECT_EQ(received.status, 0);
    const Json line = json_lines(received.out).at(0);
    EXPECT_EQ(line["value"], 7);
    EXPECT_EQ(line["signal"], "SIGRTMIN+3");
    EXPECT_TRUE(line["kernel"] == true || line["code"] == "SI_QUEUE"); // before Linux 6.13 the agent sends
    EXPECT_TRUE(line["sender"].contains("pid") && line["sender"].contains("uid"));
}

TEST_F(OnCommand, json_tells_ready_each_match_and_the_account) {
    Receiving receiver({"recv", "--json", "--count", "2", "RTMIN+3"});
    Command rule(sig2pid({"on", "exit", "--json", "--where", worker_failed, "-s", "RTMIN+3", "-q", "seq", "--to",
                          receiver.pid(), "--count", "2"}));
    EXPECT_EQ(rule.read_out_line(), R"({"ready":true})");
    run_worker(7);
    run_worker(8);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0) << ended.err;
    const auto lines = json_lines(ended.out);
    ASSERT_EQ(lines.size(), 3U) << ended.out;
    for (const char* key : {"seq", "time", "event", "fields", "signal", "value", "target", "rung", "verdict"}) {
        EXPECT_TRUE(lines[0].contains(key)) << key;
    }
    EXPECT_EQ(lines[1]["seq"], 2);
    EXPECT_EQ(lines[1]["value"], 2);
    EXPECT_EQ(lines[1]["fields"]["code"], 8);
    EXPECT_EQ(lines[1]["fields"]["comm"], "worker");
    EXPECT_EQ(lines[1]["target"]["pid"], std::stoi(receiver.pid()));
    EXPECT_TRUE(lines[1]["target"]["inode"].is_number());
    EXPECT_EQ(lines[1]["verdict"], "delivered");
    EXPECT_EQ(lines[2]["summary"]["matched"], 2);
    EXPECT_EQ(lines[2]["summary"]["lost"], 0);
    EXPECT_EQ(lines[2]["summary"]["ended"], "count");
    EXPECT_EQ(receiver.finish().status, 0);
}

TEST_F(OnCommand, quiet_prints_no_line_a_match) {
    Receiving receiver;
    Command rule(sig2pid(
        {"on", "exit", "--quiet", "--where", worker_failed, "-s", "RTMIN+3", "--to", receiver.pid(), "--count", "1"}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    run_worker(7);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(receiver.finish().status, 0);
}

TEST_F(OnCommand, ctrl_c_ends_with_the_account) {
    Receiving receiver;
    Command rule(sig2pid({"on", "exit", "--where", worker_failed, "-s", "RTMIN+3", "--to", receiver.pid()}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    kill(rule.pid(), SIGINT);
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.err, "matched 0, delivered 0, lost 0\n");
    receiver.end();
    receiver.finish();
}

TEST_F(OnCommand, the_death_of_the_target_ends_it_with_code_1) {
    Receiving receiver;
    Command rule(sig2pid({"on", "exit", "--where", worker_failed, "-s", "RTMIN+3", "--to", receiver.pid()}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    receiver.end();
    receiver.finish();
    const Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(contains(ended.err, "process " + receiver.pid() + ", has exited")) << ended.err;
}

TEST_F(OnCommand, a_target_that_does_not_expect_the_signal_is_refused_unless_that_is_allowed) {
    Child victim(pause_at_defaults);
    const std::string pid = std::to_string(victim.pid());
    const Outcome refused = run_sig2pid({"on", "exit", "--to", pid});
    EXPECT_EQ(refused.status, 2);
    EXPECT_TRUE(contains(refused.err, "neither catches nor blocks SIGUSR1")) << refused.err;
    Command rule(sig2pid({"on", "exit", "--where", worker_failed, "--to", pid, "--allow-default", "--count", "1"}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    run_worker(7);
    EXPECT_EQ(rule.finish().status, 0);
    EXPECT_EQ(victim.wait(), 128 + SIGUSR1);
}

TEST_F(OnCommand, an_ordinary_user_is_told_what_is_missing) {
    Receiving receiver;
    Child user([&](const auto& ready) {
        ready();
        if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) {
            return 10;
        }
        const Outcome denied = run_sig2pid({"on", "exit", "-s", "RTMIN+3", "--to", std::to_string(getpid())});
        return denied.status == 3 && contains(denied.err, "CAP_BPF") ? 0 : 11;
    });
    EXPECT_EQ(user.wait(), 0);
    receiver.end();
    receiver.finish();
}

TEST_F(OnCommand, a_kernel_without_type_information_is_named_as_the_reason) {
    Child hidden([&](const auto& ready) {
        ready();
        if (!cover("/sys/kernel/btf")) {
            return 10;
        }
        const Outcome refused = run_sig2pid({"on", "exit", "--to", "1"});
        return refused.status == 3 && contains(refused.err, "CONFIG_DEBUG_INFO_BTF") ? 0 : 11;
    });
    const int status = hidden.wait();
    if (status == 10) {
        GTEST_SKIP() << "no mount namespace can be made here to hide the kernel's BTF in";
    }
    EXPECT_EQ(status, 0);
}

/// The program run where an empty directory takes the place of `path`; nothing where that cannot be had.
std::optional<Outcome> run_hiding(const std::string& path, const Arguments& arguments) {
    Arguments script = {"unshare", "--mount", "sh", "-c",
                        "mount -t tmpfs none " + path + " || exit 77; exec \"$0\" \"$@\""};
    for (const std::string& word : sig2pid(arguments)) {
        script.push_back(word);
    }
    const Outcome outcome = run(script);
    return outcome.status == 77 || contains(outcome.err, "unshare:") ? std::nullopt : std::optional(outcome);
}

TEST_F(OnCommand, goes_on_after_a_hangup_that_it_was_started_to_ignore) {
    const Child target(block_all_and_pause);
    Command rule(
        ignoring("HUP", sig2pid({"on", "exit", "--where", worker_failed, "--to", std::to_string(target.pid())})));
    ASSERT_EQ(rule.read_err_line(), "ready");
    kill(rule.pid(), SIGHUP);
    run_worker(7);
    EXPECT_TRUE(contains(rule.read_out_line(), "code=7"));
    kill(rule.pid(), SIGINT);
    EXPECT_EQ(rule.finish().status, 0);
}

TEST_F(OnCommand, events_says_that_none_of_the_kernels_own_can_be_used_without_type_information) {
    for (const Arguments& arguments : {Arguments{"events"}, Arguments{"events", "--json"}}) {
        const auto outcome = run_hiding("/sys/kernel/btf", arguments);
        if (!outcome) {
            GTEST_SKIP() << "no mount namespace can be made here to hide the kernel's BTF in";
        }
        EXPECT_EQ(outcome->status, 0);
        EXPECT_TRUE(contains(outcome->err, "cannot be used: ")) << outcome->err;
    }
}

TEST_F(OnCommand, doctor_knows_that_it_does_not_know_the_lockdown_mode) {
    const auto outcome = run_hiding("/sys/kernel/security", {"doctor", "--json"});
    if (!outcome) {
        GTEST_SKIP() << "no mount namespace can be made here to hide securityfs in";
    }
    EXPECT_TRUE(contains(outcome->out, R"({"what":"lockdown","state":"limited","found":"unknown:)")) << outcome->out;
    EXPECT_TRUE(contains(outcome->out, "mount -t securityfs")) << outcome->out;
}

struct WrongArguments {
    std::string name;
    Arguments arguments;
    int status;
    std::string said;
};

/// Without it the name of a test has the bytes of its parameter.
void PrintTo(const WrongArguments& mistake, std::ostream* out) {
    *out << mistake.name;
}

class OnMistake : public OnCommand, public testing::WithParamInterface<WrongArguments> {};

TEST_P(OnMistake, is_explained_and_arms_nothing) {
    const Outcome outcome = run_sig2pid(GetParam().arguments);
    EXPECT_EQ(outcome.status, GetParam().status) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, GetParam().said)) << outcome.err;
    EXPECT_FALSE(contains(outcome.err, "ready"));
    EXPECT_EQ(outcome.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    all, OnMistake,
    testing::Values(
        WrongArguments{"unknown_event", {"on", "exti", "--to", "1"}, 2, "did you mean 'exit'?"},
        WrongArguments{"unknown_syscall", {"on", "syscall:opneat", "--to", "1"}, 2, "did you mean 'syscall:openat'?"},
        WrongArguments{"tracepoint_without_category",
                       {"on", "tracepoint:sched_switch", "--to", "1"},
                       2,
                       "tracepoint:CATEGORY/NAME"},
        WrongArguments{"unknown_field",
                       {"on", "exit", "--where", "code != 0 && comn == \"x\"", "--to", "1"},
                       2,
                       "column 14: unknown field 'comn'; did you mean 'comm'?"},
        WrongArguments{"wrong_type", {"on", "exit", "--where", "code == \"x\"", "--to", "1"}, 2, "column 9"},
        WrongArguments{"out_of_range", {"on", "exit", "--where", "code == 256", "--to", "1"}, 2, "column 9"},
        WrongArguments{"unknown_signal", {"on", "exit", "-s", "USR3", "--to", "1"}, 2, "USR3"},
        WrongArguments{"target_zero", {"on", "exit", "--to", "0"}, 2, "target '0'"},
        WrongArguments{"target_negative", {"on", "exit", "--to=-5"}, 2, "target '-5'"},
        WrongArguments{"target_word", {"on", "exit", "--to", "nginx"}, 2, "nginx"},
        WrongArguments{"target_gone", {"on", "exit", "-s", "RTMIN+3", "--to", "4194303"}, 1, "4194303"},
        WrongArguments{"token_of_another", {"on", "exit", "-s", "RTMIN+3", "--to", "1:12345678901"}, 1, "1"},
        WrongArguments{"value_too_large", {"on", "exit", "-q", "18446744073709551616", "--to", "1"}, 2, "64 bits"},
        WrongArguments{"value_with_a_leading_zero", {"on", "exit", "-q", "0755", "--to", "1"}, 2, "octal"},
        WrongArguments{"value_is_a_string", {"on", "exit", "-q", "comm", "--to", "1"}, 2, "is a string"},
        WrongArguments{"value_is_no_field", {"on", "exit", "-q", "cod", "--to", "1"}, 2, "did you mean 'code'?"},
        WrongArguments{"count_zero", {"on", "exit", "--count", "0", "--to", "1"}, 2, "count '0'"},
        WrongArguments{"limit_without_duration", {"on", "exit", "--limit", "5", "--to", "1"}, 2, "N/DUR"},
        WrongArguments{"limit_of_a_bare_number",
                       {"on", "exit", "--limit", "10/1", "--to", "1"},
                       2,
                       "limit '10/1' is not a number and a unit"},
        WrongArguments{
            "unknown_rung", {"on", "exit", "--rung", "carrier-pigeon", "--to", "1"}, 2, "task-work or pidfd"},
        WrongArguments{"channel_without_name", {"on", "module:", "--to", "1"}, 2, "module:CHANNEL"},
        WrongArguments{"channel_name_too_long", {"on", "module:" + std::string(32, 'x'), "--to", "1"}, 2, "1 to 31"},
        WrongArguments{"channel_of_the_current", {"on", "module:x", "--to", "current"}, 2, "about no process"},
        WrongArguments{"channel_on_rung_direct", {"on", "module:x", "--rung", "direct", "--to", "1"}, 2, "pidfd"},
        WrongArguments{"channel_has_no_pid", {"on", "module:x", "--where", "pid == 1", "--to", "1"}, 2, "column 1"},
        WrongArguments{"no_target", {"on", "exit"}, 2, "--to"}, WrongArguments{"no_event", {"on"}, 2, "event"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(EventsCommand, lists_the_events_with_their_fields) {
    const Outcome all = run_sig2pid({"events", "--json"});
    EXPECT_EQ(all.status, 0) << all.err;
    std::vector<std::string> names;
    for (const auto& event : json_lines(all.out)) {
        names.push_back(event["event"].text());
        EXPECT_TRUE(event["fields"].is_array());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"exec", "exit", "fork", "oom-kill", "signal"}));
    EXPECT_TRUE(contains(run_sig2pid({"events", "exit"}).out, "code"));
}

TEST_F(OnCommand, events_shows_a_tracepoints_own_fields) {
    const Outcome shown = run_sig2pid({"events", "--json", "tracepoint:sched/sched_switch"});
    EXPECT_EQ(shown.status, 0) << shown.err;
    EXPECT_TRUE(contains(shown.out, R"({"name":"prev_pid","type":"pid_t")")) << shown.out;
    EXPECT_TRUE(contains(run_sig2pid({"events", "syscall:"}).out, "syscall:openat\n"));
    EXPECT_EQ(run_sig2pid({"events", "nothing"}).status, 2);
}

TEST_F(OnCommand, doctor_finds_that_a_rule_can_be_armed) {
    const Outcome outcome = run_sig2pid({"doctor", "--json"});
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, R"({"what":"a rule","state":"good")")) << outcome.out;
}

} // namespace
} // namespace sig2pid::test
