// SPDX-License-Identifier: BSD-2-Clause
// How `send` tells what became of each signal.
#include "cli/cli.hpp"

#include <sig2pid/send.hpp>
#include <sig2pid/signal_status.hpp>

#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

TEST(SendCommandVerdict, SaysZombieAndGone) {
    Child child(pause_at_defaults);
    const std::string pid = std::to_string(child.pid());
    EXPECT_EQ(run_sig2pid({"send", "-s", "KILL", pid}).status, 0);
    child.wait_for_zombie();
    const Outcome zombie = run_sig2pid({"send", "--json", pid});
    EXPECT_EQ(zombie.status, 1);
    EXPECT_EQ(json_lines(zombie.out).at(0)["verdict"], "zombie");
    EXPECT_TRUE(contains(zombie.err, "waits for its parent")) << zombie.err;
    child.wait();
    const Outcome gone = run_sig2pid({"send", "--json", pid});
    EXPECT_EQ(gone.status, 1);
    EXPECT_EQ(json_lines(gone.out).at(0)["verdict"], "gone");
}

TEST(SendCommandVerdict, CountsCoalescedAndIgnoredAsDoneButSaysSo) {
    const Child child([](const std::function<void()>& ready) {
        ::signal(SIGUSR2, SIG_IGN);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        return pause_at_defaults(ready);
    });
    const std::string pid = std::to_string(child.pid());
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR1", pid}).status, 0);
    const Outcome coalesced = run_sig2pid({"send", "-v", "-s", "USR1", pid});
    EXPECT_EQ(coalesced.status, 0);
    EXPECT_TRUE(contains(coalesced.out, "coalesced")) << coalesced.out;
    const Outcome ignored = run_sig2pid({"send", "--json", "-s", "USR2", pid});
    EXPECT_EQ(ignored.status, 0);
    EXPECT_EQ(json_lines(ignored.out).at(0)["verdict"], "ignored");
}

TEST(SendCommandVerdict, SaysPartialWhenSomeFail) {
    const Child well(block_all_and_pause);
    const Child full(block_all_with_full_queue);
    const Outcome outcome =
        run_sig2pid({"send", "-s", "RTMIN", "-q", "1", std::to_string(well.pid()), std::to_string(full.pid())});
    EXPECT_EQ(outcome.status, 64);
    EXPECT_TRUE(contains(outcome.err, "overflow")) << outcome.err;
    EXPECT_EQ(run_sig2pid({"send", "-s", "RTMIN", "-q", "1", std::to_string(full.pid())}).status, 3);
}

TEST(SendCommandVerdict, SaysDeniedAndWhy) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "becoming another user needs root";
    }
    const Child target(pause_at_defaults);
    const Outcome outcome =
        run({"setpriv", "--reuid=65534", "--clear-groups", SIG2PID, "send", "--json", std::to_string(target.pid())});
    if (outcome.status == 127 || outcome.status == 126) {
        GTEST_SKIP() << "another user cannot run the program from here: " << outcome.err;
    }
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(json_lines(outcome.out).at(0)["verdict"], "denied");
    EXPECT_EQ(json_lines(outcome.out).at(0)["reason"], "uid");
    EXPECT_TRUE(contains(outcome.err, "runs as user 0")) << outcome.err;
}

TEST(SendCommandVerdict, SaysUnhandledWhereAHandlerIsRequired) {
    const Child child(pause_at_defaults);
    const Outcome outcome = run_sig2pid({"send", "--json", "--require-handler", std::to_string(child.pid())});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(json_lines(outcome.out).at(0)["verdict"], "unhandled");
    EXPECT_TRUE(contains(outcome.err, "nothing was sent")) << outcome.err;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(SendCommandVerdict, SaysWhatBecameOfASignalWhenItIsInterruptedWhileItTriesAgain) {
    const Child full(block_all_with_full_queue);
    const Child other(block_all_with_full_queue);
    const std::string pid = std::to_string(full.pid());
    Command sending(sig2pid({"send", "--retry", "1h", "-s", "RTMIN", "-q", "1", pid, std::to_string(other.pid())}));
    const Process process = Process::open(sending.pid()).value();
    while (!signal_status(process).value().blocked.contains(Signal(SIGINT))) {
    }
    ASSERT_TRUE(send(process, Signal(SIGINT)));
    const Outcome outcome = sending.finish();
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "process " + pid) && contains(outcome.err, "overflow")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "called off when 1 of 2 processes had had their turn")) << outcome.err;
}

TEST(SendCommandVerdict, TriesAgainForAWhileOnlyWhenAsked) {
    const Child full(block_all_with_full_queue);
    const std::string pid = std::to_string(full.pid());
    const Outcome outcome = run_sig2pid({"send", "--retry", "20ms", "-s", "RTMIN", "-q", "1", pid});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "overflow")) << outcome.err;
    EXPECT_EQ(run_sig2pid({"send", "--retry", "soon", pid}).status, 2);
    EXPECT_EQ(full.process().state(), ProcessState::alive);
}

TEST(SendCommandVerdict, SaysWhatTheModuleNeeds) {
    if (::access("/proc/sig2pid", F_OK) == 0) {
        GTEST_SKIP() << "the kernel module is loaded here";
    }
    const Child child(pause_at_defaults);
    const std::string pid = std::to_string(child.pid());
    const Outcome outcome = run_sig2pid({"send", "--via-module", pid});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "modprobe sig2pid")) << outcome.err;
    EXPECT_EQ(run_sig2pid({"send", "--via-module", "--scope", "group", pid}).status, 2);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(SendCommandVerdict, MakesForeignNamesHarmless) {
    Child child([](const std::function<void()>& ready) {
        ::prctl(PR_SET_NAME, "\x1b[31m\xff");
        return pause_at_defaults(ready);
    });
    const Outcome outcome = run_sig2pid({"send", "-v", "-s", "URG", std::to_string(child.pid())});
    EXPECT_TRUE(contains(outcome.out, "\\x1b[31m\\xff")) << outcome.out;
}

} // namespace
} // namespace sig2pid::test
