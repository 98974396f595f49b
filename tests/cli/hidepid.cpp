// SPDX-License-Identifier: BSD-2-Clause
// A /proc that hides the processes of others: what cannot be looked through is said, and is never an empty answer.
#include "cli/cli.hpp"

#include "helpers/selected.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// As nobody, in a mount namespace whose /proc has hidepid=2.
Outcome run_hidden(const Arguments& arguments) {
    constexpr auto script = R"(mount -t proc -o hidepid=2 proc /proc || exit 77
        exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@")";
    Arguments argv = {"unshare", "--mount", "sh", "-c", script, "sh", SIG2PID};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv);
}

class HidePid : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root to mount a /proc";
        }
        if (run_hidden({"signals", "TERM"}).status == 77) {
            GTEST_SKIP() << "needs to mount a /proc with hidepid=2";
        }
    }
};

TEST_P(HidePid, IsAnErrorAndNotNothingMatches) {
    const std::string name = own_name("hidden");
    const Child child(named(name));
    const Outcome outcome = run_hidden({GetParam(), "name:" + name});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, "hides the processes of others (hidepid): add user:65534")) << outcome.err;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST_P(HidePid, LeavesOnesOwn) {
    const std::string name = own_name("own");
    Child child([&](const auto& ready) {
        EXPECT_TRUE(::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0);
        ::prctl(PR_SET_DUMPABLE, 1); // as after an exec
        return named(name)(ready);
    });
    Arguments arguments = {GetParam(), "name:" + name + ",user:65534"};
    if (GetParam() == "wait") {
        arguments.insert(arguments.begin() + 1, {"--timeout", "1ms"});
    }
    const Outcome outcome = run_hidden(arguments);
    ASSERT_EQ(outcome.status, GetParam() == "wait" ? 124 : 0) << outcome.err;
    if (GetParam() == "send" || GetParam() == "stop") {
        EXPECT_EQ(child.wait(), 128 + SIGTERM);
    }
}

TEST_P(HidePid, DoesNotMakeAnothersProcessGone) {
    const Child child(pause_at_defaults);
    Arguments arguments = {GetParam(), std::to_string(child.pid())};
    if (GetParam() == "wait") {
        arguments.insert(arguments.begin() + 1, {"--timeout", "1ms"});
    }
    const Outcome outcome = run_hidden(arguments);
    EXPECT_EQ(outcome.status, GetParam() == "wait" ? 124 : 3) << outcome.out;
    EXPECT_FALSE(outcome.err.empty() && outcome.out.empty());
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST_P(HidePid, IsAnErrorForATreeToo) {
    const Child child(pause_at_defaults);
    const Outcome outcome = run_hidden({GetParam(), "tree:" + std::to_string(child.pid())});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "(hidepid)")) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Commands, HidePid, testing::Values("find", "send", "stop", "wait"),
                         [](const auto& each) { return each.param; });

} // namespace
} // namespace sig2pid::test
