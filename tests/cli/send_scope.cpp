// SPDX-License-Identifier: BSD-2-Clause
// Signals to a whole process group, and to nobody where one of several may not be signalled.
#include "cli/cli.hpp"

#include "helpers/stranger.hpp"

#include <sig2pid/signal_status.hpp>

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// The leader of a process group, whose members are its children.
Child::Body lead(const std::vector<int (*)(const std::function<void()>&)>& members,
                 int (*own)(const std::function<void()>&) = pause_at_defaults) {
    return [=](const std::function<void()>& ready) {
        ::setpgid(0, 0);
        for (const auto& member : members) {
            if (::fork() == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                return member(ready);
            }
        }
        return own(ready);
    };
}

class SendCommandScope : public testing::Test {
protected:
    void SetUp() override {
        if (!kernel_is_at_least(6, 9)) {
            GTEST_SKIP() << "the scope group needs Linux 6.9";
        }
    }

    static Outcome send_to_group(const std::vector<std::string>& words) {
        Arguments arguments = {"send", "--json", "--scope", "group"};
        arguments.insert(arguments.end(), words.begin(), words.end());
        return run_sig2pid(arguments);
    }
};

TEST_F(SendCommandScope, ShowsAllThatASignalToAGroupReaches) {
    const Child leader(lead({pause_at_defaults, pause_at_defaults}));
    const Outcome outcome = send_to_group({"--dry-run", std::to_string(leader.pid())});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 3U) << outcome.out;
}

TEST_F(SendCommandScope, ShowsAndCountsTheProgramItselfToo) {
    const std::string script =
        "set -e; \"$0\" send --scope group --dry-run --json $$; \"$0\" send --scope group --max 1 $$";
    const Outcome outcome = run({"setsid", "--wait", "sh", "-c", script, SIG2PID});
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 2U) << outcome.out; // the shell, and what it runs
    EXPECT_TRUE(contains(outcome.err, "2 processes match, more than the 1")) << outcome.err;
}

TEST_F(SendCommandScope, SendsNothingWhereOneTargetLeadsNoGroup) {
    const Child leader(lead({}));
    const Child other(pause_at_defaults);
    const std::string pid = std::to_string(other.pid());
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{std::to_string(leader.pid()), pid}, {"--dry-run", pid}, {"-s", "0", pid}}) {
        const Outcome outcome = send_to_group(words);
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(contains(outcome.err, "process " + pid + ": it leads no process group")) << outcome.err;
        for (const Json& line : json_lines(outcome.out)) {
            EXPECT_TRUE(line["verdict"].is_null() && !line["error"].is_null()) << line;
        }
    }
    EXPECT_EQ(leader.process().state(), ProcessState::alive);
    EXPECT_EQ(other.process().state(), ProcessState::alive);
}

TEST_F(SendCommandScope, SendsNothingToAGroupOfWhichOneWouldLoseThePayload) {
    const Child leader(lead({block_all_with_full_queue}));
    const Outcome outcome = send_to_group({"-s", "USR1", "-q", "7", std::to_string(leader.pid())});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).at(0)["verdict"], "overflow") << outcome.out;
    EXPECT_EQ(leader.process().state(), ProcessState::alive);
}

TEST_F(SendCommandScope, SendsNothingToAGroupOfWhichOneDoesNotHandleIt) {
    const Child leader(lead({pause_at_defaults}, block_all_and_pause));
    const std::string pid = std::to_string(leader.pid());
    const Outcome outcome = send_to_group({"--require-handler", "-s", "USR1", pid});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).at(0)["verdict"], "unhandled") << outcome.out;
    const Child handling(lead({block_all_and_pause}, block_all_and_pause));
    const Outcome sent = send_to_group({"--require-handler", "-s", "USR1", std::to_string(handling.pid())});
    EXPECT_EQ(sent.status, 0) << sent.err;
    const Json line = json_lines(sent.out).at(0);
    EXPECT_TRUE(line["verdict"] == "delivered" && line["blocked"] == true) << line;
}

TEST(SendCommandTree, IsNotStoppedForASignalThatIsNotSent) {
    const Child child([](const std::function<void()>& ready) {
        ::signal(SIGCONT, [](int) { ::_exit(9); });
        return pause_at_defaults(ready);
    });
    const Outcome outcome =
        run_sig2pid({"send", "-s", "KILL", "--require-handler", "tree:" + std::to_string(child.pid())});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

} // namespace
} // namespace sig2pid::test
