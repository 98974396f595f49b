// SPDX-License-Identifier: BSD-2-Clause
// More processes than descriptors may be open: the commands do the whole of it, or refuse before they begin.
#include "cli/cli.hpp"

#include "helpers/selected.hpp"

#include <sig2pid/send.hpp>

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

constexpr std::size_t crowd = 200;

/// With a limit of 64 descriptors that cannot be raised.
Arguments limited(Arguments arguments) {
    arguments.insert(arguments.begin(), {"prlimit", "--nofile=64:64", SIG2PID});
    return arguments;
}

/// More processes than that, of a name of their own, in the order in which a command holds them: by PID.
class DescriptorLimit : public testing::Test {
protected:
    void start(int (*body)(const std::function<void()>&)) {
        for (std::size_t i = 0; i < crowd; ++i) {
            children_.push_back(std::make_unique<Child>([&](const auto& ready) {
                ::prctl(PR_SET_NAME, name_.c_str());
                return body(ready);
            }));
        }
        // PIDs may have begun again from the lowest meanwhile
        std::ranges::sort(children_, {}, [](const auto& child) { return child->pid(); });
    }

    [[nodiscard]] std::string target() const { return "name:" + name_; }
    [[nodiscard]] Child& operator[](std::size_t i) const { return *children_[i]; }

    std::string name_ = own_name("limit");
    std::vector<std::unique_ptr<Child>> children_;
};

/// Returns when the command has pinned what it can and sleeps in epoll_wait(2).
void wait_until_it_waits(const Command& command) {
    const std::string waiting = std::to_string(SYS_epoll_wait) + " ";
    while (!run({"cat", "/proc/" + std::to_string(command.pid()) + "/syscall"}).out.starts_with(waiting)) {
    }
}

std::size_t count_lines(const Outcome& outcome, const std::string& key, const auto& value) {
    const std::vector<Json> lines = json_lines(outcome.out);
    return static_cast<std::size_t>(std::ranges::count_if(lines, [&](const Json& line) { return line[key] == value; }));
}

TEST_F(DescriptorLimit, FindShowsAll) {
    start(pause_at_defaults);
    const Outcome outcome = run(limited({"find", "--json", target()}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), crowd);
}

TEST_F(DescriptorLimit, OfAHandfulIsSaidWhereItKeepsFromLooking) {
    if (std::string_view(SANITIZERS) != "") {
        GTEST_SKIP() << "a sanitizer needs descriptors of its own";
    }
    const Child first(named(name_));
    const Child second(named(name_));
    const std::string parents = "child-of:" + std::to_string(::getpid());
    for (const std::string& words :
         {target(), "tree:" + parents + "," + target(), "cmd:.," + target(), "user:0," + target()}) {
        bool has_found = false;
        for (int limit = 3; limit < 24; ++limit) {
            const std::string number = std::to_string(limit);
            // the loader has one open for a moment, so a limit that is too small for it cannot be tried from outside
            const Outcome outcome =
                run({"sh", "-c", "ulimit -n " + number + "; exec \"$0\" find --backend proc --tokens \"$1\"", SIG2PID,
                     words});
            const auto lines = std::ranges::count(outcome.out, '\n');
            has_found = has_found || outcome.status == 0;
            EXPECT_TRUE(outcome.status == 0 ? lines == 2 : lines == 0) << number << outcome.out;
            EXPECT_TRUE(outcome.status == 0 || contains(outcome.err, "Too many open files") ||
                        contains(outcome.err, "error while loading"))
                << number << " " << outcome.status << outcome.err;
            EXPECT_NE(outcome.status, 1) << outcome.err;
        }
        EXPECT_TRUE(has_found) << words;
    }
}

TEST_F(DescriptorLimit, SendReachesEachOfManyTokens) {
    start(pause_at_defaults);
    Arguments arguments = {"send", "--json"};
    for (const auto& child : children_) {
        arguments.push_back(child->process().token().to_string());
    }
    const Outcome outcome = run(limited(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "verdict", "delivered"), crowd);
    for (const auto& child : children_) {
        EXPECT_EQ(child->wait(), 128 + SIGTERM);
    }
}

TEST_F(DescriptorLimit, StopEndsEachOfManyTreesByTheirTokens) {
    start(pause_at_defaults);
    Arguments arguments = {"stop", "--json", "--tree"};
    for (const auto& child : children_) {
        arguments.push_back(child->process().token().to_string());
    }
    const Outcome outcome = run(limited(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "by", "SIGTERM"), crowd);
}

TEST_F(DescriptorLimit, SendReachesEachOnce) {
    start(pause_at_defaults);
    const Outcome outcome = run(limited({"send", "--json", "--backend", "proc", target()}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "verdict", "delivered"), crowd);
    for (const auto& child : children_) {
        EXPECT_EQ(child->wait(), 128 + SIGTERM);
    }
}

TEST_F(DescriptorLimit, StopEndsAll) {
    start(pause_at_defaults);
    const Outcome outcome = run(limited({"stop", "--json", target()}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "by", "SIGTERM"), crowd);
    EXPECT_EQ(count_lines(outcome, "signal", "SIGTERM"), crowd);
}

TEST_F(DescriptorLimit, StopClimbsItsLadderForAll) {
    start(ignore_term_and_pause);
    const Outcome outcome = run(limited({"stop", "--json", "--step", "TERM@0s", "--step", "KILL@200ms", target()}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "by", "SIGKILL"), crowd);
}

TEST_F(DescriptorLimit, StopOfTreesEndsAll) {
    start(pause_at_defaults);
    const Outcome outcome = run(limited({"stop", "--json", "--tree", "child-of:" + std::to_string(::getpid())}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "by", "SIGTERM"), crowd);
}

TEST_F(DescriptorLimit, StopNamesTheSurvivorsOnlyWhenItsTimeIsOver) {
    start(ignore_term_and_pause);
    for (std::size_t i = crowd / 2; i < crowd; ++i) {
        ASSERT_TRUE(send((*this)[i].process(), Signal(SIGKILL)));
        (*this)[i].wait_for_zombie();
    }
    const Outcome outcome = run(limited({"stop", "--json", "--timeout", "100ms", "--step", "TERM@0s", target()}));
    EXPECT_EQ(outcome.status, 124) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "survival", "unmoved"), crowd / 2);
}

TEST_F(DescriptorLimit, WaitSeesEveryExitOnce) {
    start(pause_at_defaults);
    Command wait(limited({"wait", "--json", target()}));
    wait_until_it_waits(wait);
    ASSERT_TRUE(send((*this)[0].process(), Signal(SIGKILL))); // one that it holds
    EXPECT_EQ(Json::parse(wait.read_out_line())["pid"], (*this)[0].pid());
    for (const auto& child : children_) {
        [[maybe_unused]] const Result<> sent = send(child->process(), Signal(SIGTERM)); // the first is gone
        child->wait(); // reaped, so that nobody can tell the status of one that was not held
    }
    const Outcome outcome = wait.finish();
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "exited", true), crowd - 1);
    EXPECT_EQ(count_lines(outcome, "signal", "SIGTERM") + count_lines(outcome, "signal", nullptr), crowd - 1);
}

TEST_F(DescriptorLimit, WaitThatTimesOutKnowsWhoHasExitedUnwatched) {
    start(pause_at_defaults);
    Command wait(limited({"wait", "--json", "--timeout", "1s", target()}));
    wait_until_it_waits(wait);
    ASSERT_TRUE(send((*this)[0].process(), Signal(SIGKILL)));
    EXPECT_EQ(Json::parse(wait.read_out_line())["pid"], (*this)[0].pid());
    ASSERT_TRUE(send((*this)[crowd - 1].process(), Signal(SIGKILL))); // the highest PID, behind all that are held
    const Outcome outcome = wait.finish();
    EXPECT_EQ(outcome.status, 124) << outcome.err;
    EXPECT_EQ(count_lines(outcome, "exited", true), 1U);
    EXPECT_EQ(count_lines(outcome, "exited", false), crowd - 2);
}

TEST_F(DescriptorLimit, WaitForAnyRefusesAtOnce) {
    start(pause_at_defaults);
    const Outcome outcome = run(limited({"wait", "--any", target()}));
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "200 processes are more than descriptors can watch at once")) << outcome.err;
}

TEST_F(DescriptorLimit, OneProcessIsNeverTooMany) {
    const Child child(pause_at_defaults);
    EXPECT_EQ(run({"prlimit", "--nofile=20:20", SIG2PID, "stop", std::to_string(child.pid())}).status, 0);
}

} // namespace
} // namespace sig2pid::test
