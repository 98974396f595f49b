// SPDX-License-Identifier: BSD-2-Clause
// What the process that arms a rule must be and have, and what it is told where it is not.
#include "fixture.hpp"
#include "helpers/child.hpp"
#include "helpers/confined.hpp"
#include "helpers/stranger.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sig2pid/engine/task_source.hpp>
#include <sys/resource.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

class Agents : public Engine {};

/// Runs `body` in a process with so many more ancestors, and gives what it returned.
int run_below(int generations, const std::function<int()>& body) {
    if (generations == 0) {
        return body();
    }
    Child child([&](const auto& ready) {
        ready();
        return run_below(generations - 1, body);
    });
    return child.wait();
}

int run_in_child(const std::function<int()>& body) {
    return run_below(1, body);
}

TEST_F(Agents, with_more_ancestors_than_can_be_spared_arm_no_rule_for_a_word) {
    const auto pinned = rule("exit");
    auto named = pinned;
    named.target = NamedTarget::subject;
    EXPECT_EQ(run_below(33,
                        [&] {
                            const auto error = refusal(named);
                            return !error                                           ? 1
                                   : error->code != E2BIG                           ? 2
                                   : error->context.find("32") == std::string::npos ? 3
                                   : refusal(pinned)                                ? 4
                                                                                    : 0;
                        }),
              0)
        << "1 armed, 2 other error, 3 other words, 4 a pinned target refused too";
}

TEST_F(Agents, with_more_ancestors_than_can_be_spared_signal_no_selection_in_the_kernel) {
    const auto target = Target::parse("name:nobody");
    ASSERT_TRUE(target);
    if (!can_signal_matching(*target)) {
        GTEST_SKIP() << "no selection is signalled in the kernel here";
    }
    EXPECT_EQ(run_below(33, [&] { return can_signal_matching(*target) ? 1 : 0; }), 0);
}

TEST_F(Agents, without_proc_arm_no_rule) {
    const auto text = rule("exit");
    const int status = run_in_child([&] {
        if (!test::cover("/proc")) {
            return 77;
        }
        const auto error = refusal(text);
        return !error ? 1 : error->context.find("/proc") == std::string::npos ? 2 : error->code != ENOENT ? 3 : 0;
    });
    if (status == 77) {
        GTEST_SKIP() << "needs CAP_SYS_ADMIN to mount";
    }
    EXPECT_EQ(status, 0) << "1 armed, 2 other words, 3 other error";
}

TEST_F(Agents, do_not_set_their_own_rules_off) {
    auto text = rule("tracepoint:sched/sched_switch", "tid == " + std::to_string(gettid()));
    text.rung = Rung::pidfd;
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        kill(getpid(), SIGRTMIN + 1); // wakes nobody: it is blocked
        run_named("worker", 0);
    });
    EXPECT_EQ(outcome.summary.matched, 0U);
}

TEST_F(Agents, with_too_few_descriptors_are_told_of_their_limit) {
    const auto text = rule("exit");
    const int status = run_in_child([&] {
        const int next = dup(0);
        close(next);
        const rlimit few = {static_cast<rlim_t>(next) + 6, static_cast<rlim_t>(next) + 6};
        setrlimit(RLIMIT_NOFILE, &few);
        const auto error = refusal(text);
        return !error                                                      ? 1
               : error->code != EMFILE                                     ? 2
               : error->context.find("RLIMIT_NOFILE") == std::string::npos ? 3
                                                                           : 0;
    });
    EXPECT_EQ(status, 0) << "1 armed, 2 other error, 3 other words";
}

TEST_F(Agents, without_privilege_are_not_sent_after_locked_memory) {
    auto text = rule("exit");
    const int status = test::run_as_nobody([&] {
        text.target = *parse_rule_target(std::to_string(getpid()));
        const auto error = refusal(text);
        return !error ? 1 : error->code != EPERM ? 2 : error->context.find("MEMLOCK") != std::string::npos ? 3 : 0;
    });
    EXPECT_EQ(status, 0) << "1 armed, 2 other error, 3 hint at RLIMIT_MEMLOCK";
}

} // namespace

} // namespace sig2pid::engine
