// SPDX-License-Identifier: BSD-2-Clause
// What takes time ends when the caller's descriptor is readable, and does nothing more.
#include "helpers/control_group.hpp"
#include "helpers/selected.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/signal_status.hpp>
#include <sig2pid/sweep.hpp>
#include <sig2pid/whole.hpp>

#include <cerrno>
#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <sys/eventfd.h>
#include <vector>

namespace sig2pid::test {
namespace {

/// Three children of one name, and a descriptor that is readable once this is called off.
class Cancel : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(cancel_);
        for (int i = 0; i < 3; ++i) {
            children_.push_back(std::make_unique<Child>(named(own_name())));
        }
    }

    void call_off() const { ASSERT_EQ(::eventfd_write(cancel_.get(), 1), 0); }
    [[nodiscard]] int fd() const { return cancel_.get(); }
    [[nodiscard]] static std::string target() { return "name:" + own_name(); }
    [[nodiscard]] const Child& child(std::size_t i) const { return *children_[i]; }

private:
    UniqueFd cancel_{::eventfd(0, EFD_CLOEXEC)};
    std::vector<std::unique_ptr<Child>> children_;
};

template <typename T> void expect_cancelled(const Result<T>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ECANCELED);
    EXPECT_EQ(result.error().reason, Reason::cancelled) << result.error().message();
}

TEST_F(Cancel, ADescriptorThatIsNotReadableEndsNothing) {
    EXPECT_EQ(select_by({target()}, {.cancel_fd = fd()}).value().size(), 3U);
    EXPECT_EQ(sweep(Target::parse(target()).value(), [](const Process&) {}, fd()).value(), 3U);
}

TEST_F(Cancel, EndsASelection) {
    call_off();
    for (const std::string& argument : {target(), "cmd:" + own_name(), "tree:" + std::to_string(child(0).pid())}) {
        SCOPED_TRACE(argument);
        expect_cancelled(select_by({argument}, {.cancel_fd = fd()}));
    }
}

TEST_F(Cancel, EndsASweepAfterTheOneThatIsActedOn) {
    int acted = 0;
    const auto call_off_at_first = [&](const Process&) {
        ++acted;
        call_off();
    };
    expect_cancelled(sweep(Target::parse(target()).value(), call_off_at_first, fd()));
    EXPECT_EQ(acted, 1);
}

TEST_F(Cancel, EndsAnActOnAllAfterTheOneThatIsActedOn) {
    ProcessSet set = select_by({target()}).value();
    std::vector<std::size_t> acted;
    const Act call_off_at_first = [&](std::size_t i, const Process*, const Result<>&) {
        acted.push_back(i);
        call_off();
    };
    const Result<> all = act_on_all(set, {.select = {.cancel_fd = fd()}}, call_off_at_first);
    expect_cancelled(all);
    EXPECT_EQ(acted, std::vector<std::size_t>{0});
    EXPECT_EQ(all.error().message(), "it was called off when 1 of 3 processes had had their turn");
}

TEST_F(Cancel, KeepsATreeFromBeingHeldStill) {
    ProcessSet set = select_by({"tree:" + std::to_string(child(0).pid())}).value();
    call_off();
    expect_cancelled(hold_still({.cancel_fd = fd()}, set));
    EXPECT_NE(signal_status(child(0).process()).value().state, 'T');
}

TEST_F(Cancel, KeepsAGroupFromBeingFrozen) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    call_off();
    const std::vector<Target> targets = {Target::parse("cgroup:" + group.path()).value()};
    const FrozenTargets frozen(targets, fd());
    EXPECT_EQ(frozen.size(), 0U);
    ASSERT_EQ(frozen.failures().size(), 1U);
    EXPECT_EQ(frozen.failures()[0].reason, Reason::cancelled);
}

} // namespace
} // namespace sig2pid::test
