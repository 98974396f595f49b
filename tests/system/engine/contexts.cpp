// SPDX-License-Identifier: BSD-2-Clause
#include "fixture.hpp"

#include <csignal>
#include <sched.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr int wanted_events = 20;

class Contexts : public Engine {
protected:
    /// Sleeps on a timer, so that the idle task runs, timers expire and the scheduler switches, until the rule has
    /// enough.
    void let_the_machine_idle() {
        const UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
        while (!is_over()) {
            const itimerspec soon = {{}, {0, 1'000'000}};
            timerfd_settime(timer.get(), 0, &soon, nullptr);
            std::uint64_t expirations = 0;
            ASSERT_EQ(read(timer.get(), &expirations, sizeof(expirations)), static_cast<ssize_t>(sizeof(expirations)));
        }
    }

    /// Every match of the rule arrives, whatever rung it took, in a context where a plain send fails.
    void expect_all_arrive(const std::string& event, const std::string& where, const std::function<void()>& cause) {
        auto text = rule(event, where);
        text.count = wanted_events;
        text.value = "seq";
        const auto outcome = watch(text, cause);
        EXPECT_EQ(outcome.summary.matched, static_cast<std::uint64_t>(wanted_events));
        EXPECT_EQ(outcome.summary.total(Verdict::delivered), static_cast<std::uint64_t>(wanted_events));
        EXPECT_EQ(outcome.reports.size(), static_cast<std::size_t>(wanted_events));
        std::uint64_t values = 0;
        for (const auto& signal : received()) {
            values += signal.value;
        }
        EXPECT_EQ(values, static_cast<std::uint64_t>(wanted_events * (wanted_events + 1) / 2))
            << "each sequence number once";
        for (std::size_t rung = 0; rung < rung_count; rung++) {
            const auto delivered = outcome.summary.count(static_cast<Rung>(rung), Verdict::delivered);
            RecordProperty(std::string(to_string(static_cast<Rung>(rung))), std::to_string(delivered));
        }
    }
};

TEST_F(Contexts, an_event_with_interrupts_off_arrives) {
    expect_all_arrive("tracepoint:sched/sched_switch", "prev_pid != 0", [this] { let_the_machine_idle(); });
}

TEST_F(Contexts, an_event_in_the_idle_task_arrives) {
    expect_all_arrive("tracepoint:sched/sched_switch", "prev_pid == 0 && pid == 0", [this] { let_the_machine_idle(); });
}

TEST_F(Contexts, an_event_in_a_timer_interrupt_arrives) {
    expect_all_arrive("tracepoint:timer/hrtimer_expire_entry", "", [this] { let_the_machine_idle(); });
}

TEST_F(Contexts, an_event_in_a_kernel_thread_arrives) {
    expect_all_arrive("tracepoint:workqueue/workqueue_execute_start", "comm =~ \"kworker*\"", [this] {
        while (!is_over()) { // an exiting process leaves work to the kernel's workers
            run_named("worker", 0);
        }
    });
}

TEST_F(Contexts, an_event_that_a_send_raises_again_is_left_to_the_agent) {
    auto text = rule("tracepoint:signal/signal_generate", "sig == " + std::to_string(SIGRTMIN + 3));
    const auto outcome = watch(text, [] {
        const std::vector<std::string> command = {"/bin/sh", "-c", "kill -" + std::to_string(SIGRTMIN + 3) + " $PPID"};
        auto child = Process::spawn(command);
        ASSERT_TRUE(child);
        ASSERT_EQ(reap(*child), 0);
    });
    EXPECT_EQ(outcome.summary.matched, 1U);
    EXPECT_EQ(outcome.summary.count(Rung::pidfd, Verdict::delivered), 1U);
    EXPECT_EQ(received().size(), 2U) << "the shell's and the rule's";
}

TEST_F(Contexts, a_rung_in_the_kernel_is_refused_for_an_event_that_it_raises_again) {
    if (const std::string missing = missing_rung(Rung::direct); !missing.empty()) {
        GTEST_SKIP() << missing;
    }
    auto text = rule("tracepoint:irq_vectors/irq_work_entry");
    text.rung = Rung::direct;
    const auto checked = Rule::check(text);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().reason, Reason::bad_input);
}

TEST_F(Contexts, two_rules_that_answer_signals_do_not_answer_each_other) {
    auto first = rule("signal", "sig == " + std::to_string(SIGRTMIN + 4));
    first.signal = Signal(SIGRTMIN + 5);
    auto second = rule("signal", "sig == " + std::to_string(SIGRTMIN + 5));
    second.signal = Signal(SIGRTMIN + 4);
    const auto checked = Rule::check(second);
    ASSERT_TRUE(checked);
    const auto other = Session::arm(*checked);
    ASSERT_TRUE(other) << other.error().message();
    const auto outcome = watch(first, [] { kill(getpid(), SIGRTMIN + 4); });
    EXPECT_EQ(outcome.summary.matched, 1U);
    EXPECT_EQ(other->summary().matched, 0U);
    EXPECT_EQ(received().size(), 2U);
}

} // namespace

} // namespace sig2pid::engine
