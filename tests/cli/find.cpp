// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"
#include "helpers/selected.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class FindCommand : public testing::Test {
protected:
    std::string name_ = own_name("find");
    std::string target_ = "name:" + name_;
    Child first_{named(name_)};
    Child second_{named(name_)};
};

TEST_F(FindCommand, ShowsWhatTermWouldDo) {
    const Outcome outcome = run_sig2pid({"find", target_});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "SIGTERM\n")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, first_.process().token().to_string()));
    EXPECT_TRUE(contains(outcome.out, name_ + "  ends\n")) << outcome.out;
}

TEST_F(FindCommand, TellsAllInJson) {
    const auto lines = json_lines(run_sig2pid({"find", "--json", "--oldest", target_}).out);
    ASSERT_EQ(lines.size(), 1U);
    const Json& line = lines[0];
    EXPECT_EQ(line["target"], target_);
    EXPECT_EQ(line["pid"], first_.pid());
    EXPECT_EQ(line["inode"], first_.process().inode());
    EXPECT_EQ(line["token"], first_.process().token().to_string());
    EXPECT_EQ(line["name"], name_);
    EXPECT_EQ(line["ppid"], ::getpid());
    EXPECT_EQ(line["effect"], "ends");
    EXPECT_EQ(line["uid"], ::geteuid());
    for (const char* key : {"command", "user", "pgid", "sid", "state", "age_ms", "signal"}) {
        EXPECT_TRUE(line.contains(key)) << key;
    }
}

TEST(FindNames, AreHarmlessInJsonAndStayWhatTheyAre) {
    const Child child([](const std::function<void()>& ready) {
        ::prctl(PR_SET_NAME, "\x1b[3\x7f\xc2\x9b\xc3\xa9");
        return pause_at_defaults(ready);
    });
    const Outcome outcome = run_sig2pid({"find", "--json", std::to_string(child.pid())});
    EXPECT_TRUE(contains(outcome.out, "\"name\":\"\\u001b[3\\u007f\\u009b\xc3\xa9\"")) << outcome.out;
    EXPECT_EQ(json_lines(outcome.out).at(0)["name"], "\x1b[3\x7f\xc2\x9b\xc3\xa9");
}

TEST_F(FindCommand, GivesTokensForSend) {
    const Outcome tokens = run_sig2pid({"find", "--tokens", "--newest", target_});
    const std::string token = tokens.out.substr(0, tokens.out.find('\n'));
    EXPECT_EQ(token, second_.process().token().to_string());
    EXPECT_EQ(run_sig2pid({"send", "-s", "KILL", token}).status, 0);
    EXPECT_EQ(second_.wait(), 128 + SIGKILL);
    EXPECT_EQ(run_sig2pid({"send", "-s", "KILL", token}).status, 1);
    EXPECT_EQ(first_.process().state(), ProcessState::alive);
}

TEST_F(FindCommand, SaysWhichTargetMatchesNothing) {
    const Outcome nothing = run_sig2pid({"find", target_ + "x"});
    EXPECT_EQ(nothing.status, 1);
    EXPECT_TRUE(contains(nothing.err, "no process with " + target_ + "x")) << nothing.err;
    const Outcome some = run_sig2pid({"find", target_, target_ + "x"});
    EXPECT_EQ(some.status, 64);
    EXPECT_TRUE(contains(some.out, name_));
}

TEST_F(FindCommand, RefusesBadInput) {
    const std::vector<Arguments> mistakes = {{"cmd:("},
                                             {"nam:x"},
                                             {"-9"},
                                             {"0"},
                                             {"--max", "0", "1"},
                                             {"--max", "1", target_},
                                             {"user:no-such-user"},
                                             {"--newest", "--oldest", target_},
                                             {"--tokens", "--json", target_}};
    for (Arguments arguments : mistakes) {
        arguments.insert(arguments.begin(), "find");
        const Outcome outcome = run_sig2pid(arguments);
        EXPECT_EQ(outcome.status, 2) << arguments[1] << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_TRUE(contains(run_sig2pid({"find", "cmd:ab(c"}).err, "column 9"));
    EXPECT_TRUE(contains(run_sig2pid({"find", "7zip"}).err, "name:7zip"));
}

TEST_F(FindCommand, ShowsTheVerySetThatSendSignals) {
    const Outcome dry = run_sig2pid({"send", "--dry-run", "--json", "-s", "KILL", target_});
    EXPECT_EQ(json_lines(dry.out).size(), 2U);
    EXPECT_EQ(first_.process().state(), ProcessState::alive);
    const Outcome sent = run_sig2pid({"send", "--json", "-s", "KILL", target_});
    ASSERT_EQ(json_lines(sent.out).size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(json_lines(sent.out)[i]["pid"], json_lines(dry.out)[i]["pid"]);
        EXPECT_EQ(json_lines(sent.out)[i]["verdict"], "delivered");
    }
    EXPECT_EQ(first_.wait() + second_.wait(), 2 * (128 + SIGKILL));
}

TEST_F(FindCommand, NeverFindsTheShellItWasTypedIn) {
    const Outcome outcome = run({"sh", "-c", SIG2PID " find 'cmd:" + name_ + "x'; echo $?"});
    EXPECT_EQ(outcome.out, "1\n") << "the shell's command line has the words, and is an ancestor";
}

TEST_F(FindCommand, SendsToNobodyUnlessConfirmed) {
    const Outcome outcome = run({"setsid", SIG2PID, "send", "--confirm", target_});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "needs a terminal")) << outcome.err;
    EXPECT_EQ(first_.process().state(), ProcessState::alive);
}

TEST(FindUnprivileged, SeesTheSameNamesAndSaysWhatItMayNotSend) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "becoming another user needs root";
    }
    const Child target(named(own_name("priv")));
    const Outcome outcome =
        run({"setpriv", "--reuid=65534", "--clear-groups", SIG2PID, "find", "--json", "name:" + own_name("priv")});
    if (outcome.status == 126 || outcome.status == 127) {
        GTEST_SKIP() << "another user cannot run the program from here: " << outcome.err;
    }
    ASSERT_EQ(json_lines(outcome.out).size(), 1U) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out)[0]["effect"], "denied");
}

} // namespace
} // namespace sig2pid::test
