// SPDX-License-Identifier: BSD-2-Clause
#include "lib/lineage.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

ProcessEvent birth(pid_t parent, pid_t pid, std::int64_t time = 0) {
    return {ProcessEvent::What::birth, pid, parent, time};
}

ProcessEvent exit(pid_t pid) {
    return {ProcessEvent::What::exit, pid, 0, 0};
}

/// One whose birth is not among any events.
Lineage::Admission old(pid_t pid) {
    return {pid, -2, -1};
}

class LineageTest : public testing::Test {
protected:
    std::vector<pid_t> apply(const std::vector<ProcessEvent>& events) {
        std::vector<pid_t> born;
        for (const ProcessEvent& event : lineage_.apply(events)) {
            born.push_back(event.pid);
        }
        return born;
    }

    Lineage lineage_;
};

TEST_F(LineageTest, HasChildrenAndTheirChildrenAndNobodyElse) {
    lineage_.admit(old(10));
    EXPECT_EQ(apply({birth(10, 11), birth(11, 12), birth(20, 21)}), (std::vector<pid_t>{11, 12}));
    EXPECT_FALSE(lineage_.has(20));
    EXPECT_FALSE(lineage_.has(21));
}

TEST_F(LineageTest, KnowsAGrandchildWhoseParentNobodySaw) {
    lineage_.admit(old(10));
    EXPECT_EQ(apply({birth(10, 11), birth(11, 12), exit(11)}), (std::vector<pid_t>{11, 12}));
    EXPECT_FALSE(lineage_.has(11));
    EXPECT_TRUE(lineage_.has(12));
}

TEST_F(LineageTest, KnowsTheHeirOfManyTurns) {
    lineage_.admit(old(10));
    apply({birth(10, 11)});
    EXPECT_EQ(apply({birth(11, 12), exit(11), birth(12, 13), exit(12)}), (std::vector<pid_t>{12, 13}));
    EXPECT_EQ(apply({birth(13, 14), exit(13)}), std::vector<pid_t>{14});
}

TEST_F(LineageTest, LeavesAStrangerWhoGotThePidOfADescendant) {
    lineage_.admit(old(10));
    EXPECT_EQ(apply({birth(10, 11), exit(11), birth(20, 11), birth(11, 12)}), std::vector<pid_t>{11});
    EXPECT_FALSE(lineage_.has(11));
    EXPECT_FALSE(lineage_.has(12));
}

TEST_F(LineageTest, CountsOneThatWasFoundFromItsBirthOn) {
    lineage_.admit({30, 100, 200}); // born after the stranger who had the PID before has forked
    EXPECT_EQ(apply({birth(30, 31, 50), exit(30), birth(1, 30, 110), birth(30, 32, 120)}), std::vector<pid_t>{32});
}

TEST_F(LineageTest, CountsOneThatWasFoundUntilAStrangerHasItsPid) {
    lineage_.admit({30, 100, 200});
    EXPECT_EQ(apply({birth(30, 31, 210), exit(30), birth(1, 30, 220), birth(30, 32, 230)}), std::vector<pid_t>{31});
    EXPECT_FALSE(lineage_.has(30));
}

TEST_F(LineageTest, LeavesAStrangerThoughTheExitIsToldLate) {
    lineage_.admit({30, 100, 200});
    EXPECT_EQ(apply({birth(1, 30, 220), exit(30), birth(30, 32, 230)}), std::vector<pid_t>());
}

TEST_F(LineageTest, CountsOneThatWasFoundFromTheStartIfItsBirthIsNotTold) {
    lineage_.admit(old(30));
    EXPECT_EQ(apply({birth(30, 31)}), std::vector<pid_t>{31});
}

TEST_F(LineageTest, ForgetsAll) {
    lineage_.admit(old(10));
    apply({});
    lineage_.admit(old(11));
    lineage_.forget();
    EXPECT_EQ(apply({birth(10, 12), birth(11, 13)}), std::vector<pid_t>());
}

} // namespace
} // namespace sig2pid
