// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <sig2pid/send.hpp>

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// A receiver that has said it is ready.
class Recv {
public:
    explicit Recv(Arguments arguments) : command_(sig2pid(prepend(std::move(arguments)))) {
        ready_ = command_.read_err_line();
    }

    [[nodiscard]] const std::string& ready() const noexcept { return ready_; }
    [[nodiscard]] Process process() const { return Process::open(command_.pid()).value(); }
    Command& command() noexcept { return command_; }

private:
    static Arguments prepend(Arguments arguments) {
        arguments.insert(arguments.begin(), "recv");
        return arguments;
    }

    Command command_;
    std::string ready_;
};

TEST(RecvCommand, SaysWhenItIsReadyAndAsWhom) {
    Recv receiving({"USR1", "RTMIN+3"});
    EXPECT_EQ(receiving.ready(),
              "ready: receiving SIGUSR1 SIGRTMIN+3 as PID " + std::to_string(receiving.command().pid()));
}

TEST(RecvCommand, PrintsWhatCameInJson) {
    Recv receiving({"--json", "--count", "2", "USR1", "RTMIN+3"});
    const Process target = receiving.process();
    ASSERT_TRUE(send(target, Signal(SIGUSR1)));
    ASSERT_TRUE(queue(target, Signal(SIGRTMIN + 3), Payload{0xFEDCBA9876543210}));
    const Outcome outcome = receiving.command().finish();
    EXPECT_EQ(outcome.status, 0);
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["signal"], "SIGUSR1");
    EXPECT_EQ(lines[0]["code"], "SI_USER");
    EXPECT_EQ(lines[0]["sender"]["pid"], ::getpid());
    EXPECT_EQ(lines[0]["sender"]["uid"], ::getuid());
    EXPECT_EQ(lines[0]["trusted"], true);
    EXPECT_EQ(lines[1]["signal"], "SIGRTMIN+3");
    EXPECT_EQ(lines[1]["code"], "SI_QUEUE");
    EXPECT_EQ(lines[1]["value"], 0xFEDCBA9876543210U);
    EXPECT_EQ(lines[1]["kernel"], false);
    EXPECT_EQ(lines[1]["trusted"], false);
    EXPECT_TRUE(lines[1]["time"].is_string());
}

TEST(RecvCommand, WritesEachLineAtOnce) {
    Recv receiving({"USR1"});
    ASSERT_TRUE(send(receiving.process(), Signal(SIGUSR1)));
    EXPECT_EQ(receiving.command().read_out_line(), "SIGUSR1 SI_USER from PID " + std::to_string(::getpid()) + " UID " +
                                                       std::to_string(::getuid()) + " value 0");
}

TEST(RecvCommand, EndsWellOnCtrlCWithASummary) {
    for (const int ender : {SIGINT, SIGTERM, SIGHUP}) {
        Recv receiving({"USR1", "USR2"});
        ASSERT_TRUE(send(receiving.process(), Signal(SIGUSR1)));
        receiving.command().read_out_line();
        ASSERT_TRUE(send(receiving.process(), Signal(ender)));
        const Outcome outcome = receiving.command().finish();
        EXPECT_EQ(outcome.status, 0);
        EXPECT_EQ(outcome.err, "received 1: SIGUSR1 1\n");
    }
}

TEST(RecvCommand, GoesOnAfterAHangupThatItWasStartedToIgnore) {
    Command receiving(ignoring("HUP", sig2pid({"recv", "USR1"})));
    receiving.read_err_line();
    const Process process = Process::open(receiving.pid()).value();
    ASSERT_TRUE(send(process, Signal(SIGHUP)));
    ASSERT_TRUE(send(process, Signal(SIGUSR1)));
    EXPECT_TRUE(receiving.read_out_line().starts_with("SIGUSR1"));
    ASSERT_TRUE(send(process, Signal(SIGTERM)));
    EXPECT_EQ(receiving.finish().status, 0);
}

TEST(RecvCommand, EndsWithASummaryAndCode3WhenItsReaderLeaves) {
    Command receiving({"sh", "-c", "(\"$0\" recv USR1; echo rc=$? >&2) | :", SIG2PID});
    const std::string ready = receiving.read_err_line();
    const Process process = Process::open(std::stoi(ready.substr(ready.rfind(' ')))).value();
    while (send(process, Signal(SIGUSR1))) { // the first may still find the reader there
    }
    const Outcome outcome = receiving.finish();
    EXPECT_TRUE(outcome.err.starts_with("received ")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "; 1 not shown\n")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "standard output")) << outcome.err;
    EXPECT_TRUE(outcome.err.ends_with("rc=3\n")) << outcome.err;
}

TEST(RecvCommand, EndsOnCtrlCThoughNobodyReads) {
    Recv receiving({"RTMIN"});
    const Process process = receiving.process();
    for (int i = 0; i < 2'000; ++i) { // more lines than a pipe takes
        ASSERT_TRUE(queue(process, Signal(SIGRTMIN), Payload{}));
    }
    ASSERT_TRUE(send(process, Signal(SIGINT)));
    wait_for_exit(process);
    EXPECT_EQ(receiving.command().finish().status, 0);
}

TEST(RecvCommand, HasSomethingInPlaceOfClosedDescriptors) {
    Command receiving({"sh", "-c", "exec \"$0\" recv USR1 <&- >&-", SIG2PID});
    ASSERT_TRUE(contains(receiving.read_err_line(), "ready"));
    for (const char* fd : {"0", "1"}) {
        const std::filesystem::path link = "/proc/" + std::to_string(receiving.pid()) + "/fd/" + fd;
        EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null");
    }
}

TEST(RecvCommand, ReceivesAnEnderThatWasAskedFor) {
    Recv receiving({"--json", "--count", "1", "INT"});
    ASSERT_TRUE(send(receiving.process(), Signal(SIGINT)));
    EXPECT_EQ(json_lines(receiving.command().finish().out).at(0)["signal"], "SIGINT");
}

TEST(RecvCommand, SurvivesMoreThanItCounts) {
    Recv receiving({"--count", "1", "USR1", "USR2"});
    const Process target = receiving.process();
    ASSERT_TRUE(send(target, Signal(SIGSTOP)));
    ASSERT_TRUE(send(target, Signal(SIGUSR1)));
    ASSERT_TRUE(send(target, Signal(SIGUSR2)));
    ASSERT_TRUE(send(target, Signal(SIGCONT)));
    EXPECT_EQ(receiving.command().finish().status, 0);
}

TEST(RecvCommand, TimesOutWith124) {
    EXPECT_EQ(run_sig2pid({"recv", "--timeout", "20ms", "USR1"}).status, 124);
    EXPECT_EQ(run_sig2pid({"recv", "--timeout", "20ms", "--count", "1", "USR1"}).status, 124);
}

struct RecvMistake {
    Arguments arguments;
    const char* message;
};

TEST(RecvCommand, RefusesBadInput) {
    const std::vector<RecvMistake> mistakes = {
        {{"KILL"}, "SIGKILL cannot be received"},
        {{"STOP"}, "SIGSTOP cannot be received"},
        {{"32"}, "libc"},
        {{"33"}, "libc"},
        {{"0"}, "1 to 64"},
        {{"USR3"}, "did you mean USR1?"},
        {{"--count", "0", "USR1"}, "count '0'"},
        {{"--count", "x", "USR1"}, "count 'x'"},
        {{"--timeout", "10", "USR1"}, "column 3"},
        {{}, "required"},
    };
    for (const RecvMistake& mistake : mistakes) {
        Arguments arguments = {"recv"};
        arguments.insert(arguments.end(), mistake.arguments.begin(), mistake.arguments.end());
        const Outcome outcome = run_sig2pid(arguments);
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(contains(outcome.err, mistake.message)) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

} // namespace
} // namespace sig2pid::test
