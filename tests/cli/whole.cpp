// SPDX-License-Identifier: BSD-2-Clause
// Trees and control groups from the command line: nobody escapes, and nobody is left frozen or stopped.
#include "cli/cli.hpp"

#include "helpers/control_group.hpp"
#include "helpers/fork_bomb.hpp"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class WholeCgroup : public testing::Test {
protected:
    void SetUp() override {
        if (group_.path().empty()) {
            GTEST_SKIP() << "needs a control group of version 2 that may be written to";
        }
    }

    [[nodiscard]] Child::Body in_group() const {
        return [this](const std::function<void()>& ready) {
            group_.enter();
            return pause_at_defaults(ready);
        };
    }

    ControlGroup group_;
};

TEST_F(WholeCgroup, IsStoppedWithEveryForkInFlight) {
    for (const std::string& target : {"cgroup:" + group_.path(), "cgroup:" + group_.path() + ",user:0"}) {
        Fuse fuse;
        const Child bomb(fork_bomb_in(group_));
        const Outcome outcome = run_sig2pid({"stop", "--json", target});
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_TRUE(fuse.is_out()) << target;
        EXPECT_FALSE(group_.is_frozen());
    }
}

TEST_F(WholeCgroup, OfAChoiceOnlyThoseAreStopped) {
    const Child first(in_group());
    const Child second(in_group());
    EXPECT_EQ(run_sig2pid({"stop", "--newest", "cgroup:" + group_.path()}).status, 0);
    EXPECT_EQ(first.process().state(), ProcessState::alive);
}

/// Runs the program with an output that nobody reads.
int run_unread(const Arguments& arguments) {
    return Child([&](const auto& ready) {
               int ends[2] = {-1, -1};
               if (::pipe2(ends, O_CLOEXEC) != 0 || ::close(ends[0]) != 0 || ::dup2(ends[1], STDOUT_FILENO) < 0) {
                   return 98;
               }
               ready();
               std::vector<std::string> words = sig2pid(arguments);
               std::vector<char*> argv;
               argv.reserve(words.size() + 1);
               for (std::string& word : words) {
                   argv.push_back(word.data());
               }
               argv.push_back(nullptr);
               ::signal(SIGPIPE, SIG_DFL);
               ::execv(argv[0], argv.data());
               return 99;
           })
        .wait();
}

TEST_F(WholeCgroup, IsNotLeftFrozenAndHalfSignalledWhenNobodyReadsTheOutput) {
    Child first(in_group());
    Child second(in_group());
    EXPECT_EQ(run_unread({"send", "--json", "cgroup:" + group_.path()}), 3);
    EXPECT_FALSE(group_.is_frozen());
    EXPECT_EQ(first.wait(), 128 + SIGTERM);
    EXPECT_EQ(second.wait(), 128 + SIGTERM);
}

} // namespace
} // namespace sig2pid::test
