// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include "helpers/stranger.hpp"

#include <sig2pid/send.hpp>

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>

namespace sig2pid::test {
namespace {

std::string pid_of(const Process& process) {
    return std::to_string(process.pid());
}

TEST(WaitCommand, TellsHowAStrangerEnded) {
    Stranger stranger(pause_at_defaults);
    Command wait(sig2pid({"wait", pid_of(stranger.process())}));
    ASSERT_TRUE(send(stranger.process(), Signal(SIGUSR1)));
    const Outcome outcome = wait.finish();
    // gone or not by the time that the command looks, it is a zombie: nobody has reaped it
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(outcome.out.ends_with(" killed by SIGUSR1\n")) << outcome.out;
}

TEST(WaitCommand, TellsTheExitCodeInJson) {
    Stranger stranger([](const auto&) { return 7; });
    const Outcome outcome = run_sig2pid({"wait", "--json", pid_of(stranger.process())});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const Json line = json_lines(outcome.out).at(0);
    EXPECT_EQ(line["pid"], stranger.process().pid());
    EXPECT_EQ(line["exited"], true);
    EXPECT_EQ(line["code"], 7);
    EXPECT_TRUE(line["signal"].is_null());
    EXPECT_EQ(line["core"], false);
    EXPECT_TRUE(line["after_ns"].is_number());
}

TEST(WaitCommand, SaysUnknownWhereItMayNotKnow) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const Stranger stranger([](const auto&) { return 0; });
    wait_for_exit(stranger.process());
    const Outcome outcome = run(
        {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SIG2PID, "wait", pid_of(stranger.process())});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "the kernel does not say how")) << outcome.out;
}

TEST(WaitCommand, TimesOutWith124AndListsWhoIsLeft) {
    const Child stays(pause_at_defaults);
    const Child ends(pause_at_defaults);
    ASSERT_TRUE(send(ends.process(), Signal(SIGKILL)));
    const Outcome outcome =
        run_sig2pid({"wait", "--json", "--timeout", "50ms", pid_of(stays.process()), pid_of(ends.process())});
    EXPECT_EQ(outcome.status, 124);
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["pid"], ends.pid());
    EXPECT_EQ(lines[1]["pid"], stays.pid());
    EXPECT_EQ(lines[1]["exited"], false);
    EXPECT_TRUE(contains(outcome.err, "timed out: 1 of 2 still there")) << outcome.err;
}

TEST(WaitCommand, ForAnyEndsWithTheFirst) {
    const Child stays(pause_at_defaults);
    const Child ends(pause_at_defaults);
    ASSERT_TRUE(send(ends.process(), Signal(SIGKILL)));
    const Outcome outcome = run_sig2pid({"wait", "--any", pid_of(stays.process()), pid_of(ends.process())});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, pid_of(ends.process()))) << outcome.out;
}

TEST(WaitCommand, DoesNotWaitForAnExitThatItMayHaveMissed) {
    Child gone(pause_at_defaults);
    const std::string token = gone.process().token().to_string();
    ASSERT_TRUE(send(gone.process(), Signal(SIGKILL)));
    gone.wait();
    const Child stays(pause_at_defaults);
    EXPECT_EQ(run_sig2pid({"wait", token}).status, 1);
    EXPECT_EQ(run_sig2pid({"wait", "--any", token, pid_of(stays.process())}).status, 1);
    EXPECT_EQ(run_sig2pid({"wait", "--timeout", "1ms", token, pid_of(stays.process())}).status, 124);
}

TEST(WaitCommand, SaysWhoIsLeftWhenItIsInterrupted) {
    const Child stays(pause_at_defaults);
    const Child ends(pause_at_defaults);
    Command wait(sig2pid({"wait", pid_of(stays.process()), pid_of(ends.process())}));
    const Process process = Process::open(wait.pid()).value();
    ASSERT_TRUE(send(ends.process(), Signal(SIGKILL)));
    EXPECT_TRUE(contains(wait.read_out_line(), "killed by SIGKILL"));
    ASSERT_TRUE(send(process, Signal(SIGINT)));
    const Outcome outcome = wait.finish();
    EXPECT_EQ(outcome.status, 64);
    EXPECT_TRUE(contains(outcome.err, "interrupted: 1 of 2 still there")) << outcome.err;
}

TEST(WaitCommand, GoesOnAfterAHangupThatItWasStartedToIgnore) {
    const Child last(pause_at_defaults);
    const Child first(pause_at_defaults);
    Command wait(ignoring("HUP INT TERM", sig2pid({"wait", pid_of(last.process()), pid_of(first.process())})));
    ASSERT_TRUE(send(first.process(), Signal(SIGKILL)));
    EXPECT_TRUE(contains(wait.read_out_line(), "killed by SIGKILL"));
    ASSERT_TRUE(send(Process::open(wait.pid()).value(), Signal(SIGHUP)));
    ASSERT_TRUE(send(last.process(), Signal(SIGKILL)));
    EXPECT_EQ(wait.finish().status, 0);
}

TEST(WaitCommand, MakesForeignNamesHarmless) {
    const Child child([](const std::function<void()>& ready) {
        ::prctl(PR_SET_NAME, "a\n\x1b[31mb");
        ready();
        return 0;
    });
    const Outcome outcome = run_sig2pid({"wait", pid_of(child.process())});
    EXPECT_TRUE(contains(outcome.out, "(a\\x0a\\x1b[31mb) ")) << outcome.out;
}

TEST(WaitCommand, RefusesToWaitForItselfAndForBadInput) {
    EXPECT_EQ(run({"sh", "-c", "exec \"$0\" wait $$", SIG2PID}).status, 2);
    EXPECT_EQ(run_sig2pid({"wait", "--timeout", "1", "1"}).status, 2);
    EXPECT_EQ(run_sig2pid({"wait", "nonsense"}).status, 2);
    EXPECT_EQ(run_sig2pid({"wait"}).status, 2);
}

} // namespace
} // namespace sig2pid::test
