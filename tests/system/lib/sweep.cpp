// SPDX-License-Identifier: BSD-2-Clause
#include "lib/sweep.hpp"
#include "helpers/scoped_calls.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/send.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <ostream>
#include <set>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace sig2pid {

/// Without it the name of a test has the bytes of its parameter. Where its type is, to be found.
static void PrintTo(const Division& division, std::ostream* out) {
    *out << (division.threads > 1 ? "ManyThreads" : "Defaults");
}

namespace {

using test::Child;

constexpr Division many_threads = {.threads = 4, .piece = 1, .worth = 1};

/// What was acted on, in the order of the PIDs.
struct Acted {
    Result<std::size_t> matched = 0;
    std::vector<pid_t> pids;
};

Acted sweep_by(const std::string& argument, const Division& division) {
    std::mutex lock;
    Acted acted;
    acted.matched = sweep(
        Target::parse(argument).value(),
        [&](const Process& process) {
            const std::lock_guard guard(lock);
            acted.pids.push_back(process.pid());
        },
        division);
    std::ranges::sort(acted.pids);
    return acted;
}

/// Children of one name.
class Sweep : public testing::TestWithParam<Division> {
protected:
    void start(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            children_.push_back(std::make_unique<Child>(test::named(test::own_name())));
        }
    }

    [[nodiscard]] std::vector<pid_t> pids() const {
        std::vector<pid_t> all;
        std::ranges::transform(children_, std::back_inserter(all), [](const auto& child) { return child->pid(); });
        std::ranges::sort(all);
        return all;
    }

    const std::string target_ = "name:" + test::own_name();
    std::vector<std::unique_ptr<Child>> children_;
};

INSTANTIATE_TEST_SUITE_P(With, Sweep, testing::Values(Division{}, many_threads), testing::PrintToStringParamName());

TEST_P(Sweep, ActsOnceOnEachThatMatchesAndOnNobodyElse) {
    start(50);
    const Child other(test::named(test::own_name("x")));
    const Acted acted = sweep_by(target_, GetParam());
    EXPECT_EQ(acted.matched.value(), 50U);
    EXPECT_EQ(acted.pids, pids());
}

TEST_P(Sweep, FindsWhatSelectFinds) {
    start(5);
    for (const std::string& argument :
         {target_ + ",user:" + std::to_string(::geteuid()), target_ + ",newer:1h",
          target_ + ",group:" + std::to_string(::getpgrp()), target_ + ",ns:" + std::to_string(::getpid())}) {
        EXPECT_EQ(sweep_by(argument, GetParam()).pids, test::pids_by(argument, {.backend = Backend::proc})) << argument;
    }
}

TEST_P(Sweep, SaysWhichConditionLeftNothing) {
    start(2);
    const std::string argument = target_ + ",older:1000h";
    const Acted acted = sweep_by(argument, GetParam());
    ASSERT_FALSE(acted.matched);
    EXPECT_EQ(acted.matched.error().reason, Reason::gone);
    EXPECT_EQ(acted.matched.error().context, test::select_by({argument})->misses()[0].error.context);
}

TEST_P(Sweep, LeavesAZombieAlone) {
    start(2);
    static_cast<void>(send(children_[0]->process(), Signal(SIGKILL)));
    children_[0]->wait_for_zombie();
    EXPECT_EQ(sweep_by(target_, GetParam()).pids, std::vector{children_[1]->pid()});
}

TEST_P(Sweep, NeedsFewDescriptors) {
    start(100);
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    const auto highest = static_cast<rlim_t>(children_.back()->process().fd());
    constexpr rlim_t few =
        64; // not one a process: each of four threads has some files of /proc open, before 6.9 one more
    const rlimit low = {highest + few, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const Acted acted = sweep_by(target_, GetParam());
    ::setrlimit(RLIMIT_NOFILE, &old);
    EXPECT_EQ(acted.pids, pids()) << (acted.matched ? "" : acted.matched.error().message());
}

TEST_P(Sweep, EndsWithTheErrorAndTellsWhatWasActedOnBefore) {
    start(20);
    test::ScopedCalls calls;
    static pid_t last;
    last = pids()[9];
    calls.table.pidfd_open = [](pid_t pid, unsigned flags) {
        return pid > last ? -EMFILE : sys::kernel_calls().pidfd_open(pid, flags);
    };
    const Acted acted = sweep_by(target_, GetParam());
    ASSERT_FALSE(acted.matched);
    EXPECT_EQ(acted.matched.error().code, EMFILE);
    EXPECT_TRUE(std::ranges::includes(pids(), acted.pids));
    EXPECT_LE(acted.pids.size(), 10U);
}

TEST_F(Sweep, IsDividedAmongThreads) {
    start(8);
    std::mutex lock;
    std::condition_variable joined;
    std::set<std::thread::id> threads;
    const Result<std::size_t> matched = sweep(
        Target::parse(target_).value(),
        [&](const Process&) {
            std::unique_lock guard(lock);
            threads.insert(std::this_thread::get_id());
            joined.notify_all();
            joined.wait_for(guard, std::chrono::seconds(10), [&] { return threads.size() > 1; });
        },
        many_threads);
    EXPECT_EQ(matched.value(), 8U);
    EXPECT_GT(threads.size(), 1U);
}

TEST_F(Sweep, LeavesAloneWhatStartsWhileItActs) {
    start(30);
    std::vector<std::unique_ptr<Child>> successors;
    const auto succeed = [&](const Process&) {
        successors.push_back(std::make_unique<Child>(test::named(test::own_name())));
    };
    const Division one_by_one = {.threads = 1, .piece = 1, .worth = 1};
    const Result<std::size_t> matched = sweep(Target::parse(target_).value(), succeed, one_by_one);
    EXPECT_EQ(matched.value(), 30U);
    EXPECT_EQ(successors.size(), 30U);
}

TEST_F(Sweep, DoesItAloneWhenNoThreadCanStart) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "becoming a user whose processes can be limited needs root";
    }
    start(3);
    const int status = test::run_as_nobody([&] {
        const rlimit none = {0, 0};
        return ::setrlimit(RLIMIT_NPROC, &none) == 0 && sweep_by(target_, many_threads).pids == pids() ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
}

TEST_F(Sweep, RefusesTargetsThatItCannotJudgeOneByOne) {
    for (const std::string& argument : {std::to_string(::getppid()), target_ + ",cmd:.", std::string("tree:1"),
                                        "child-of:" + std::to_string(::getpid())}) {
        const Acted acted = sweep_by(argument, {});
        ASSERT_FALSE(acted.matched) << argument;
        EXPECT_EQ(acted.matched.error().reason, Reason::bad_input) << argument;
        EXPECT_TRUE(acted.pids.empty()) << argument;
    }
}

} // namespace
} // namespace sig2pid
