// SPDX-License-Identifier: BSD-2-Clause
// unit: is told by the path of the control group, and that is made by the tests as systemd makes it.
#include "helpers/fork_bomb.hpp"
#include "helpers/rounds.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/escalation.hpp>

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

Child::Body in_group(const ControlGroup& group) {
    return [&group](const std::function<void()>& ready) {
        group.enter();
        return pause_at_defaults(ready);
    };
}

class SelectUnit : public testing::Test {
protected:
    void SetUp() override {
        if (service_.path().empty()) {
            GTEST_SKIP() << "needs a control group of version 2 that may be written to";
        }
    }

    std::string name_ = own_name("unit");
    ControlGroup slice_{name_ + ".slice"};
    ControlGroup service_{slice_, name_ + ".service"};
};

TEST_F(SelectUnit, HasAllOfTheServiceAndWhatItPutBelow) {
    const ControlGroup below(service_, "workers");
    const Child one(in_group(service_));
    const Child two(in_group(below));
    const Child beside(in_group(slice_));
    std::vector<pid_t> both = {one.pid(), two.pid()};
    std::ranges::sort(both);
    EXPECT_EQ(pids_by("unit:" + name_), both);
    EXPECT_EQ(pids_by("unit:" + name_ + ".service"), both);
    EXPECT_EQ(pids_by("unit:" + name_ + ".slice").size(), 3U);
    EXPECT_EQ(pids_by("unit:" + name_ + "x"), std::vector<pid_t>{});
}

TEST_F(SelectUnit, IsNoGroupOfThatNameThatSomebodyMadeElsewhere) {
    const ControlGroup other(service_, own_name("fake") + ".service");
    const Child child(in_group(other));
    EXPECT_EQ(pids_by("unit:" + own_name("fake")), std::vector<pid_t>{});
}

TEST_F(SelectUnit, OfAUserIsThatOfItsOwnManager) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const ControlGroup manager(slice_, "user@65534.service");
    const ControlGroup app(manager, "app.slice");
    const ControlGroup own(app, own_name("own") + ".service");
    const Child child(in_group(own));
    const std::string target = "unit:" + own_name("own");
    EXPECT_EQ(pids_by(target), std::vector<pid_t>{}); // root's units are the system's
    EXPECT_EQ(run_as_nobody([&] { return pids_by(target) == std::vector<pid_t>{child.pid()} ? 0 : 1; }), 0);
}

TEST_F(SelectUnit, IsStoppedWithEveryForkInFlight) {
    for (int round = 0; round < rounds(5, 2); ++round) {
        Fuse fuse;
        const Child bomb(fork_bomb_in(service_));
        ProcessSet set = select_by({"unit:" + name_}).value();
        EscalationOptions options;
        options.newcomers = Newcomers::matching;
        const Escalation kill = Escalation::make({{Signal(SIGKILL), {}}}).value();
        EXPECT_EQ(kill.run(set, options).value().end, EscalationEnd::all_ended);
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round;
    }
}

} // namespace
} // namespace sig2pid::test
