// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <gtest/gtest.h>

namespace sig2pid::test {
namespace {

TEST(CommandLine, TellsItsVersionAndItsCommands) {
    const Outcome version = run_sig2pid({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_TRUE(version.out.starts_with("sig2pid 0."));
    const Outcome help = run_sig2pid({"--help"});
    EXPECT_EQ(help.status, 0);
    for (const char* command : {"send", "recv", "signals"}) {
        EXPECT_TRUE(contains(help.out, std::string("\n  ") + command + " ")) << command;
    }
}

TEST(CommandLine, SuggestsTheNearestCommand) {
    const Outcome outcome = run_sig2pid({"sned", "1"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, "did you mean 'send'?")) << outcome.err;
    EXPECT_EQ(run_sig2pid({"xyzzy"}).status, 2);
    EXPECT_EQ(run_sig2pid({}).status, 2);
}

TEST(CommandLine, HelpsWithEachCommandByExample) {
    for (const char* command : {"send", "recv", "signals"}) {
        const Outcome help = run_sig2pid({command, "--help"});
        EXPECT_EQ(help.status, 0) << command;
        EXPECT_TRUE(contains(help.out, "Examples:")) << command;
        EXPECT_EQ(run_sig2pid({command, "--no-such-option"}).status, 2) << command;
    }
}

TEST(CommandLine, HelpsWithArgumentsAsTheyAreWritten) {
    EXPECT_TRUE(contains(run_sig2pid({"recv", "--help"}).out, "\n  signal SIGNAL...  "));
    for (const char* command : {"send", "find", "stop", "wait"}) {
        EXPECT_TRUE(contains(run_sig2pid({command, "--help"}).out, "\n  target TARGET...  ")) << command;
    }
    EXPECT_TRUE(contains(run_sig2pid({"on", "--help"}).out, "pidfile:PATH"));
}

TEST(CommandLine, FailsWhenItsOutputCannotBeWritten) {
    const Outcome outcome = run({"sh", "-c", SIG2PID " signals >/dev/full"});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "standard output")) << outcome.err;
}

TEST(CommandLine, FailsWhenItsOutputIsClosed) {
    const Outcome outcome = run({"sh", "-c", SIG2PID " signals >&-"});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "cannot write to standard output: Bad file descriptor")) << outcome.err;
}

} // namespace
} // namespace sig2pid::test
