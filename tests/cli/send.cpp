// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"
#include "helpers/confined.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class SendCommand : public testing::Test {
protected:
    SendCommand() { EXPECT_EQ(receiver_.read_out_line(), "ready"); }

    Command receiver_{{SIGNAL_TO_STATUS}};
    std::string pid_ = std::to_string(receiver_.pid());
    std::string token_ = Process::open(receiver_.pid()).value().token().to_string();
};

TEST_F(SendCommand, SendsTermByDefaultAndSaysNothing) {
    const Outcome outcome = run_sig2pid({"send", pid_});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out + outcome.err, "");
    EXPECT_EQ(receiver_.finish().status, SIGTERM);
}

TEST_F(SendCommand, SendsToATokenWithA64BitValue) {
    const Outcome outcome = run_sig2pid({"send", "-s", "RTMIN+3", "-q", "0xFEDCBA9876543210", token_});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(contains(receiver_.finish().out, " 18364758544493064720\n"));
}

TEST_F(SendCommand, TakesANegativeValue) {
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR1", "-q", "-1", pid_}).status, 0);
    EXPECT_TRUE(contains(receiver_.finish().out, " 18446744073709551615\n"));
}

TEST(SendCommandValue, TakesZeroAndHexadecimalValues) {
    const Child child(block_all_and_pause);
    for (const char* value : {"0", "0x0755", "-0"}) {
        EXPECT_EQ(run_sig2pid({"send", "-sRTMIN", "-q", value, std::to_string(child.pid())}).status, 0) << value;
    }
}

TEST_F(SendCommand, TellsAllInJson) {
    const Outcome outcome = run_sig2pid({"send", "--json", "-s", "USR1", "-q", "7", token_});
    const Json line = json_lines(outcome.out).at(0);
    EXPECT_EQ(line["target"], token_);
    EXPECT_EQ(line["pid"], receiver_.pid());
    EXPECT_EQ(line["signal"], "SIGUSR1");
    EXPECT_EQ(line["value"], 7);
    EXPECT_EQ(line["verdict"], "delivered");
    EXPECT_EQ(line["blocked"], true);
    EXPECT_TRUE(line["error"].is_null());
    EXPECT_TRUE(line["inode"].is_number());
}

TEST_F(SendCommand, OnlyProbesWithSignalZero) {
    EXPECT_EQ(run_sig2pid({"send", "-s", "0", pid_}).status, 0);
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR2", pid_}).status, 0);
    EXPECT_EQ(receiver_.finish().status, SIGUSR2);
    EXPECT_EQ(run_sig2pid({"send", "-s", "0", token_}).status, 1);
}

TEST_F(SendCommand, SendsOnceToWhoIsNamedTwice) {
    const Outcome outcome = run_sig2pid({"send", "--json", "-s", "USR1", pid_, token_});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(json_lines(outcome.out).size(), 1U);
}

TEST_F(SendCommand, SendsNothingWhenAnyTargetIsGone) {
    std::string stale = token_;
    stale.insert(stale.find(':') + 1, "9");
    const Outcome outcome = run_sig2pid({"send", pid_, stale});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(contains(outcome.err, "nothing was sent")) << outcome.err;
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR1", pid_}).status, 0);
    EXPECT_EQ(receiver_.finish().status, SIGUSR1);
}

/// What send --json tells of a target where a filter answers `code` to a system call; null without filters.
Json told_under_filter(const std::string& target, long number, int code) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    Child child([&](const auto&) {
        if (!refuse_call(number, code)) {
            return 1;
        }
        const std::string out = run_sig2pid({"send", "--json", "-s", "USR1", target}).out;
        return ::write(writer.get(), out.data(), out.size()) == static_cast<ssize_t>(out.size()) ? 0 : 2;
    });
    writer = UniqueFd();
    std::array<char, 4096> text{};
    const ssize_t size = ::read(reader.get(), text.data(), text.size());
    return child.wait() == 0 && size > 0 ? Json::parse({text.data(), static_cast<std::size_t>(size)}) : Json();
}

TEST_F(SendCommand, TellsThatAFilterStandsInTheWay) {
    for (const auto& [number, code] : {std::pair(SYS_pidfd_open, EPERM),
                                       {SYS_pidfd_send_signal, ENOSYS},
                                       {SYS_pidfd_send_signal, EACCES},
                                       {SYS_pidfd_send_signal, EINVAL},
                                       {SYS_pidfd_send_signal, ESRCH},
                                       {SYS_pidfd_send_signal, EAGAIN},
                                       {SYS_pidfd_send_signal, EBADF}}) {
        const Json line = told_under_filter(pid_, number, code);
        if (line.is_null()) {
            GTEST_SKIP() << "needs seccomp filters";
        }
        EXPECT_EQ(line["verdict"], "denied") << code << line;
        EXPECT_EQ(line["reason"], "seccomp") << code << line;
    }
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR1", pid_}).status, 0);
    EXPECT_EQ(receiver_.finish().status, SIGUSR1);
}

struct SendMistake {
    Arguments arguments;
    const char* message;
};

TEST_F(SendCommand, RefusesBadInputAndSendsNothing) {
    const std::vector<SendMistake> mistakes = {
        {{"-s", "USR3"}, "did you mean USR1?"},
        {{"-s", "65"}, "1 to 64"},
        {{"-s", ""}, "--signal: the value is empty"},
        {{"-q", "x"}, "not a decimal or hexadecimal number"},
        {{"-q", "18446744073709551616"}, "does not fit 64 bits"},
        {{"-q", "-9223372036854775809"}, "does not fit 64 bits"},
        {{"-q", "0x"}, "not a decimal or hexadecimal number"},
        {{"-q", "0755"}, "octal"},
        {{"-q", "-00"}, "octal"},
        {{"-q", "--1"}, "not a decimal or hexadecimal number"},
        {{"--scope", "everyone"}, "--scope"},
        {{"0"}, "group:"},
        {{"-9"}, "-s 9"},
        {{"-HUP"}, "a signal is written -s HUP"},
        {{"-TERM"}, "a signal is written -s TERM"},
        {{"-SIGUSR1"}, "a signal is written -s SIGUSR1"},
        {{"-RTMIN+3"}, "a signal is written -s RTMIN+3"},
        {{"--", "-77"}, "group:77"},
        {{"--", "-1"}, "everybody"},
        {{"12x"}, "column 3"},
        {{"12:34:xyz"}, "column 7"},
        {{"fd:99"}, "not open"},
        {{"4194305"}, "no PID is above 4194304"},
    };
    for (const SendMistake& mistake : mistakes) {
        Arguments arguments = {"send", pid_};
        arguments.insert(arguments.end(), mistake.arguments.begin(), mistake.arguments.end());
        const Outcome outcome = run_sig2pid(arguments);
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_TRUE(contains(outcome.err, mistake.message)) << outcome.err;
    }
    EXPECT_EQ(run_sig2pid({"send"}).status, 2);
    EXPECT_EQ(run_sig2pid({"send", "-s", "HUP", pid_}).status, 0);
    EXPECT_EQ(receiver_.finish().status, SIGHUP);
}

TEST_F(SendCommand, ProbesEachThoughOneIsGone) {
    const Outcome outcome = run_sig2pid({"send", "--json", "-s", "0", pid_, "4194303"});
    EXPECT_EQ(outcome.status, 64);
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0]["verdict"] == "gone" && lines[1]["error"].is_null()) << outcome.out;
}

TEST_F(SendCommand, TellsInJsonOfThoseItSpared) {
    const Outcome outcome = run_sig2pid({"send", "--json", pid_, "4194303"});
    EXPECT_EQ(outcome.status, 1);
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1]["pid"], receiver_.pid());
    EXPECT_TRUE(lines[1]["verdict"].is_null());
    EXPECT_TRUE(contains(lines[1]["error"].text(), "nothing was sent")) << outcome.out;
}

TEST_F(SendCommand, TakesAnInheritedPidfd) {
    const Process pinned = Process::open(receiver_.pid()).value();
    ::fcntl(pinned.fd(), F_SETFD, 0);
    EXPECT_EQ(run_sig2pid({"send", "-s", "USR1", "fd:" + std::to_string(pinned.fd())}).status, 0);
    EXPECT_EQ(receiver_.finish().status, SIGUSR1);
}

/// Both ways to find and signal, and the name that only the children of one test bear.
class SendBackend : public testing::TestWithParam<const char*> {
protected:
    static Child named(const std::string& name) {
        return Child([name](const std::function<void()>& ready) {
            ::prctl(PR_SET_NAME, name.c_str());
            return pause_at_defaults(ready);
        });
    }

    Outcome send(Arguments more) {
        more.insert(more.begin(), {"send", "--json", "--backend", GetParam()});
        Outcome outcome = run_sig2pid(more);
        if (contains(outcome.err, "CAP_BPF") || contains(outcome.err, "BTF")) {
            skip_ = outcome.err;
        }
        return outcome;
    }

    std::string skip_;
};

TEST_P(SendBackend, SignalsEachThatMatchesAndNobodyElse) {
    Child first = named("cli-meant"), second = named("cli-meant");
    const Child stranger = named("cli-meant-not");
    const Outcome outcome = send({"-s", "USR1", "name:cli-meant"});
    if (!skip_.empty()) {
        GTEST_SKIP() << skip_;
    }
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 2U);
    for (const Json& line : lines) {
        EXPECT_EQ(line["target"], "name:cli-meant");
        EXPECT_EQ(line["verdict"], "delivered");
    }
    EXPECT_EQ(first.wait(), 128 + SIGUSR1);
    EXPECT_EQ(second.wait(), 128 + SIGUSR1);
    EXPECT_EQ(stranger.process().state(), ProcessState::alive);
}

TEST_P(SendBackend, SaysWhichConditionLeftNothing) {
    const Outcome outcome = send({"name:nobody-bears-it"});
    if (!skip_.empty()) {
        GTEST_SKIP() << skip_;
    }
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(contains(outcome.err, "name:nobody-bears-it")) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Both, SendBackend, testing::Values("proc", "bpf"));

} // namespace
} // namespace sig2pid::test
