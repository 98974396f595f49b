// SPDX-License-Identifier: BSD-2-Clause
// Processes that multiply while they are looked for: bounded fork bombs, of which nobody may escape.
#include "helpers/fork_bomb.hpp"
#include "helpers/rounds.hpp"
#include "helpers/selected.hpp"

#include <sig2pid/frozen_cgroup.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

using test::Child;

void kill_all(const ProcessSet& set) {
    for (std::size_t i = 0; i < set.size(); ++i) {
        [[maybe_unused]] const Result<> pinned = set.with(
            i, [](const Process& process) { [[maybe_unused]] const Result<> sent = send(process, Signal(SIGKILL)); });
    }
}

TEST(SelectTree, CatchesABombWhoseForksAreInFlight) {
    for (int round = 0; round < test::rounds(20, 5); ++round) {
        test::Fuse fuse;
        Child bomb(test::fork_bomb);
        ProcessSet set = test::select_by({"tree:" + std::to_string(bomb.pid())}).value();
        ASSERT_TRUE(hold_still({}, set));
        kill_all(set);
        EXPECT_EQ(select_more({}, set).value(), 0U);
        bomb.wait();
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round << ", of " << set.size();
    }
}

// SIGSTOP comes while the tables of its memory are copied: the child is there only after that.
TEST(SelectTree, CatchesTheChildOfAForkThatTakesLong) {
    for (int round = 0; round < test::rounds(20, 5); ++round) {
        test::Fuse fuse;
        Child bomb(test::heavy_fork_bomb);
        ProcessSet set = test::select_by({"tree:" + std::to_string(bomb.pid())}).value();
        ASSERT_TRUE(hold_still({}, set));
        kill_all(set);
        bomb.wait();
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round << ", of " << set.size();
    }
}

TEST(SelectMore, AddsOnlyTheNewBehindTheOthers) {
    const std::string name = test::own_name("more");
    const Child first(test::named(name));
    ProcessSet set = test::select_by({"name:" + name}).value();
    EXPECT_EQ(select_more({}, set).value(), 0U);
    const Child second(test::named(name));
    EXPECT_EQ(select_more({}, set).value(), 1U);
    ASSERT_EQ(set.size(), 2U);
    EXPECT_EQ(set[1].pid, second.pid());
    EXPECT_EQ(set.held()[1].pid(), second.pid());
    SelectOptions options;
    options.max = 2;
    const Child third(test::named(name));
    EXPECT_EQ(select_more(options, set).error().code, E2BIG);
}

class SelectCgroup : public testing::Test {
protected:
    void SetUp() override {
        if (group_.path().empty()) {
            GTEST_SKIP() << "needs a control group of version 2 that may be written to";
        }
    }

    test::ControlGroup group_;
};

TEST_F(SelectCgroup, HoldsWhoIsInItAndBelow) {
    Child inside([&](const auto& ready) {
        group_.enter();
        return test::pause_at_defaults(ready);
    });
    const Child outside(test::pause_at_defaults);
    EXPECT_EQ(test::pids_by("cgroup:" + group_.path()), std::vector<pid_t>{inside.pid()});
    const std::string bare = "/" + std::filesystem::path(group_.path()).filename().string();
    EXPECT_EQ(test::pids_by("cgroup:" + bare), std::vector<pid_t>{inside.pid()});
    EXPECT_EQ(test::select_by({"cgroup:" + bare.substr(0, bare.size() - 1)}).error().code, ENOENT);
    ::kill(inside.pid(), SIGKILL);
    inside.wait();
}

TEST_F(SelectCgroup, FrozenCatchesABomb) {
    for (int round = 0; round < 10; ++round) {
        test::Fuse fuse;
        Child bomb(test::fork_bomb_in(group_));
        {
            Result<FrozenCgroup> frozen = FrozenCgroup::freeze(group_.path(), std::chrono::seconds(5));
            ASSERT_TRUE(frozen) << frozen.error().message();
            const ProcessSet set = test::select_by({"cgroup:" + group_.path()}).value();
            EXPECT_EQ(frozen->count().value(), set.size());
            EXPECT_TRUE(group_.is_frozen());
            kill_all(set);
        }
        EXPECT_FALSE(group_.is_frozen());
        bomb.wait();
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round;
    }
}

TEST_F(SelectCgroup, IsKilledAtOnce) {
    test::Fuse fuse;
    Child bomb(test::fork_bomb_in(group_));
    {
        Result<FrozenCgroup> frozen = FrozenCgroup::freeze(group_.path(), std::chrono::seconds(5));
        ASSERT_TRUE(frozen) << frozen.error().message();
        const Result<> killed = frozen->kill();
        if (!killed && killed.error().code == ENOENT) {
            kill_all(test::select_by({"cgroup:" + group_.path()}).value());
            bomb.wait();
            GTEST_SKIP() << "this kernel has no cgroup.kill";
        }
        EXPECT_TRUE(killed);
    }
    bomb.wait();
    EXPECT_TRUE(fuse.is_out());
}

TEST_F(SelectCgroup, StaysFrozenWhenItWasBefore) {
    std::ofstream(group_.path() + "/cgroup.freeze") << "1\n";
    {
        EXPECT_TRUE(FrozenCgroup::freeze(group_.path(), std::chrono::seconds(5)));
    }
    EXPECT_TRUE(group_.is_frozen());
    std::ofstream(group_.path() + "/cgroup.freeze") << "0\n";
}

TEST_F(SelectCgroup, RefusesToFreezeItself) {
    Child child([&](const auto&) {
        group_.enter();
        const Result<FrozenCgroup> frozen = FrozenCgroup::freeze(group_.path(), std::chrono::seconds(5));
        return !frozen && frozen.error().code == EDEADLK ? 0 : 1;
    });
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(FrozenCgroup::freeze("/no/such/group", std::chrono::seconds(1)).error().code, ENOENT);
}

} // namespace
} // namespace sig2pid
