// SPDX-License-Identifier: BSD-2-Clause
// Targets that stand to a signal in ways of their own.
#include "on_rung.hpp"

#include "helpers/child.hpp"

#include <csignal>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

/// A child that waits to be ended, as PID 1 of a PID namespace of its own, with every signal at its default.
class NamespaceInit {
public:
    NamespaceInit() {
        const UniqueFd ready(eventfd(0, EFD_CLOEXEC));
        pid_ = static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
        if (pid_ == 0) {
            unblock_all();
            eventfd_write(ready.get(), 1);
            test::pause_at_defaults([] {});
        }
        eventfd_t value = 0;
        if (pid_ > 0) {
            eventfd_read(ready.get(), &value);
        }
    }
    ~NamespaceInit() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }
    NamespaceInit(const NamespaceInit&) = delete;
    NamespaceInit& operator=(const NamespaceInit&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

class Judged : public OnRung {
protected:
    /// When a worker exits, the signal goes to the init.
    static RuleText rule_for(const NamespaceInit& init, Signal signal) {
        RuleText text = rule("exit", R"(comm == "worker")");
        text.signal = signal;
        text.target = *parse_rule_target(std::to_string(init.pid()));
        text.rung = GetParam();
        return text;
    }
};

TEST_P(Judged, the_init_of_a_namespace_discards_what_it_does_not_catch) {
    const NamespaceInit init;
    if (init.pid() < 0) {
        GTEST_SKIP() << "a new PID namespace needs CAP_SYS_ADMIN";
    }
    const auto text = rule_for(init, Signal(SIGUSR1));
    const auto outcome = watch(text, [&] { run_named("worker", 0); });
    EXPECT_EQ(outcome.summary.total(Verdict::ignored), 1U);
    EXPECT_EQ(outcome.summary.matched, 1U);
}

TEST_P(Judged, the_init_of_a_namespace_is_ended_by_sigkill_from_above) {
    const NamespaceInit init;
    if (init.pid() < 0) {
        GTEST_SKIP() << "a new PID namespace needs CAP_SYS_ADMIN";
    }
    const auto text = rule_for(init, Signal(SIGKILL));
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        siginfo_t info = {};
        EXPECT_EQ(waitid(P_PID, static_cast<id_t>(init.pid()), &info, WEXITED | WNOWAIT), 0);
    });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
}

TEST_P(Judged, sigcont_continues_who_ignores_it) {
    const Child child([](const auto& ready) {
        signal(SIGCONT, SIG_IGN);
        ready();
        raise(SIGSTOP);
        return test::block_all_and_pause([] {});
    });
    siginfo_t info = {};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
    auto text = rule("exit", R"(comm == "worker")");
    text.signal = Signal(SIGCONT);
    text.target = target_of(child.process());
    text.rung = GetParam();
    const auto outcome = watch(text, [&] { run_named("worker", 0); });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
    info = {};
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WCONTINUED | WNOHANG), 0);
    EXPECT_EQ(info.si_code, CLD_CONTINUED);
}

INSTANTIATE_TEST_SUITE_P(rungs, Judged, every_rung, name_of_rung);

} // namespace

} // namespace sig2pid::engine
