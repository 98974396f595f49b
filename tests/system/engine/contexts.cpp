// SPDX-License-Identifier: BSD-2-Clause
#include "fixture.hpp"

#include <sched.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr int wanted = 20;

/// Sleeps on a timer, so that the idle task runs, timers expire and the scheduler switches.
void let_the_machine_idle() {
    const UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    for (int i = 0; i < 4 * wanted; i++) {
        const itimerspec soon = {{}, {0, 1'000'000}};
        timerfd_settime(timer.get(), 0, &soon, nullptr);
        std::uint64_t expirations = 0;
        ASSERT_EQ(read(timer.get(), &expirations, sizeof(expirations)), static_cast<ssize_t>(sizeof(expirations)));
    }
}

class Contexts : public Engine {
protected:
    /// Every match of the rule arrives, whatever rung it took, in a context where a plain send fails.
    void expect_all_arrive(const std::string& event, const std::string& where, const std::function<void()>& cause) {
        auto text = rule(event, where);
        text.count = wanted;
        text.value = "seq";
        const auto outcome = watch(text, cause);
        EXPECT_EQ(outcome.summary.matched, static_cast<std::uint64_t>(wanted));
        EXPECT_EQ(outcome.summary.total(Verdict::delivered), static_cast<std::uint64_t>(wanted));
        EXPECT_EQ(outcome.reports.size(), static_cast<std::size_t>(wanted));
        std::uint64_t values = 0;
        for (const auto& signal : received()) {
            values += signal.value;
        }
        EXPECT_EQ(values, static_cast<std::uint64_t>(wanted * (wanted + 1) / 2)) << "each sequence number once";
        for (std::size_t rung = 0; rung < rung_count; rung++) {
            const auto delivered = outcome.summary.count(static_cast<Rung>(rung), Verdict::delivered);
            RecordProperty(std::string(to_string(static_cast<Rung>(rung))), std::to_string(delivered));
        }
    }
};

TEST_F(Contexts, an_event_with_interrupts_off_arrives) {
    expect_all_arrive("tracepoint:sched/sched_switch",
                      "prev_pid != 0 && next_pid != 0 || prev_pid == " + std::to_string(getpid()),
                      let_the_machine_idle);
}

TEST_F(Contexts, an_event_in_the_idle_task_arrives) {
    expect_all_arrive("tracepoint:sched/sched_switch", "prev_pid == 0 && pid == 0", let_the_machine_idle);
}

TEST_F(Contexts, an_event_in_a_timer_interrupt_arrives) {
    expect_all_arrive("tracepoint:timer/hrtimer_expire_entry", "", let_the_machine_idle);
}

TEST_F(Contexts, an_event_in_a_kernel_thread_arrives) {
    expect_all_arrive("tracepoint:workqueue/workqueue_execute_start", "comm =~ \"kworker*\"", [this] {
        let_the_machine_idle();
        for (int i = 0; i < wanted; i++) { // an exiting process leaves work to the kernel's workers
            run_named("worker", 0);
        }
        sync();
    });
}

} // namespace

} // namespace sig2pid::engine
