// SPDX-License-Identifier: BSD-2-Clause
// Trees and control groups from the command line: nobody escapes, and nobody is left frozen or stopped.
#include "cli/cli.hpp"

#include "helpers/control_group.hpp"
#include "helpers/fork_bomb.hpp"

#include <sig2pid/signal_status.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/prctl.h>
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

/// The program, in the place of this process, with a descriptor for its output.
int become_sig2pid(const Arguments& arguments, int output) {
    std::vector<std::string> words = sig2pid(arguments);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(output, STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    return 99;
}

/// Runs the program with an output that nobody reads.
int run_unread(const Arguments& arguments) {
    return Child([&](const auto& ready) {
               int ends[2] = {-1, -1};
               if (::pipe2(ends, O_CLOEXEC) != 0 || ::close(ends[0]) != 0) {
                   return 98;
               }
               ready();
               return become_sig2pid(arguments, ends[1]);
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

/// A pipe that holds no more than a page, full and not read while this lives.
class StuckOutput {
public:
    StuckOutput() {
        std::array<int, 2> ends = {};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader_ = UniqueFd(ends[0]);
        writer_ = UniqueFd(ends[1]);
        ::fcntl(writer_.get(), F_SETPIPE_SZ, 4096);
        const std::array<char, 4096> page{};
        EXPECT_EQ(::write(writer_.get(), page.data(), page.size()), 4096);
    }
    [[nodiscard]] int writer() const noexcept { return writer_.get(); }
    void let_go() { reader_ = UniqueFd(); }

private:
    UniqueFd reader_;
    UniqueFd writer_;
};

TEST_F(WholeCgroup, IsNotFrozenWhileTheOutputWaitsForItsReader) {
    Child member(in_group());
    StuckOutput output;
    Child sender([&](const auto& ready) {
        ready();
        return become_sig2pid({"send", "--json", "cgroup:" + group_.path()}, output.writer());
    });
    EXPECT_EQ(member.wait(), 128 + SIGTERM);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (group_.is_frozen() && std::chrono::steady_clock::now() < until) {
    }
    EXPECT_FALSE(group_.is_frozen());
    EXPECT_EQ(sender.process().state(), ProcessState::alive);
    output.let_go();
    EXPECT_EQ(sender.wait(), 3);
}

class HeldTree : public WholeCgroup {
protected:
    /// A process of which a child is frozen by somebody else.
    [[nodiscard]] Child::Body with_a_frozen_child() const {
        return [this](const std::function<void()>& ready) {
            if (::fork() == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                group_.enter();
                ready();
                group_.freeze(); // and with it itself
                return pause_at_defaults(ready);
            }
            while (!group_.is_frozen()) {
            }
            return pause_at_defaults(ready);
        };
    }

    /// A command without the hierarchy: the child cannot be seen to be frozen there, nor to stop, and is waited for.
    [[nodiscard]] std::vector<std::string> without_groups(const std::vector<std::string>& command) const {
        const std::string hierarchy = std::filesystem::path(group_.path()).parent_path();
        std::vector<std::string> words = {"unshare", "--mount", "sh", "-c", "umount -l \"$0\" && exec \"$@\"",
                                          hierarchy};
        words.insert(words.end(), command.begin(), command.end());
        return words;
    }
};

TEST_F(HeldTree, IsSentNothingWhenTheTimeIsOverBeforeAllStand) {
    const Child root(with_a_frozen_child());
    const Outcome outcome = run(without_groups(
        sig2pid({"stop", "--tree", "--json", "--timeout", "200ms", "--step", "KILL@0s", std::to_string(root.pid())})));
    EXPECT_EQ(outcome.status, 124) << outcome.err;
    for (const Json& line : json_lines(outcome.out)) {
        EXPECT_TRUE(line["sent"].is_null()) << line;
    }
    EXPECT_EQ(root.process().state(), ProcessState::alive);
}

TEST_F(HeldTree, IsSentNothingAfterCtrlC) {
    const Child root(with_a_frozen_child());
    Command stop(
        without_groups(sig2pid({"stop", "--tree", "--json", "--step", "KILL@0s", std::to_string(root.pid())})));
    while (signal_status(root.process()).value().state != 'T') {
    }
    ::kill(stop.pid(), SIGINT);
    const Outcome outcome = stop.finish();
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "nothing was sent to 2")) << outcome.err;
    EXPECT_NE(signal_status(root.process()).value().state, 'T');
}

} // namespace
} // namespace sig2pid::test
