// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/confined.hpp"
#include "helpers/frozen.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/escalation.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/signal_status.hpp>
#include <sig2pid/wait.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

int ignore_term_and_pause(const std::function<void()>& ready) {
    ::signal(SIGTERM, SIG_IGN);
    return pause_at_defaults(ready);
}

int exit_with_5_at_term(const std::function<void()>& ready) {
    ::signal(SIGTERM, [](int) { ::_exit(5); });
    return pause_at_defaults(ready);
}

Escalation ladder(std::vector<EscalationStep> steps) {
    return Escalation::make(std::move(steps)).value();
}

EscalationStep step(int signal, nanoseconds after) {
    return {Signal(signal), after};
}

EscalationReport run(const Escalation& escalation, const Process& target, const EscalationOptions& options = {}) {
    return escalation.run({&target, 1}, options).value();
}

/// Waits until the main thread is in this state, as ps(1) writes it.
void wait_for_state(const Process& process, char state) {
    const Deadline patience = deadline_after(seconds(10));
    while (signal_status(process).value().state != state && std::chrono::steady_clock::now() < *patience) {
        ::sched_yield();
    }
    EXPECT_EQ(signal_status(process).value().state, state);
}

void stop_and_wait(const Process& process) {
    ASSERT_TRUE(send(process, Signal(SIGSTOP)));
    wait_for_state(process, 'T');
}

TEST(Escalation, EndsWithTheFirstStepWhereThatIsEnough) {
    const Child child(pause_at_defaults);
    const EscalationReport report = run(Escalation(), child.process());
    EXPECT_EQ(report.end, EscalationEnd::all_ended);
    const Ending& ending = report.endings.at(0);
    EXPECT_TRUE(ending.ended);
    EXPECT_EQ(ending.ended_by, Signal(SIGTERM));
    EXPECT_EQ(ending.status.signal, Signal(SIGTERM));
    EXPECT_LT(ending.after, seconds(10));
}

TEST(Escalation, NamesTheStepAlsoWhenTheProcessExitsByItself) {
    const Child child(exit_with_5_at_term);
    const Ending ending = std::move(run(Escalation(), child.process()).endings.at(0));
    EXPECT_EQ(ending.ended_by, Signal(SIGTERM));
    EXPECT_EQ(ending.status.code, 5);
}

TEST(Escalation, GoesOnToTheStepThatWorksForThoseThatAreLeft) {
    const Child soft(pause_at_defaults);
    const Child hard(ignore_term_and_pause);
    std::vector<Process> both;
    both.push_back(soft.process().duplicate().value());
    both.push_back(hard.process().duplicate().value());
    const EscalationReport report =
        ladder({step(SIGTERM, {}), step(SIGINT, milliseconds(20)), step(SIGKILL, seconds(60))}).run(both).value();
    EXPECT_EQ(report.endings.at(0).ended_by, Signal(SIGTERM));
    EXPECT_EQ(report.endings.at(1).ended_by, Signal(SIGINT));
    EXPECT_GE(report.endings.at(1).after, milliseconds(20));
}

TEST(Escalation, TakesItsStepsInTheOrderOfTheirTimes) {
    const Escalation escalation = ladder({step(SIGKILL, seconds(1)), step(SIGTERM, {}), step(SIGINT, {})});
    EXPECT_EQ(escalation.steps()[0].to_string(), "SIGTERM@0s");
    EXPECT_EQ(escalation.steps()[1].to_string(), "SIGINT@0s");
    EXPECT_EQ(escalation.steps()[2], EscalationStep::parse("KILL@1s").value());
}

TEST(Escalation, RefusesALadderThatIsNone) {
    EXPECT_EQ(Escalation::make({}).error().reason, Reason::bad_input);
    EXPECT_EQ(Escalation::make({step(SIGTERM, seconds(-1))}).error().reason, Reason::bad_input);
    for (const char* text : {"TERM", "TERM@", "@1s", "TERM@1", "NONE@1s", "TERM@-1s", "TERM@1s@2s"}) {
        EXPECT_FALSE(EscalationStep::parse(text)) << text;
    }
}

TEST(Escalation, LetsAStoppedProcessTakeItsSignal) {
    const Child child(pause_at_defaults);
    stop_and_wait(child.process());
    EXPECT_EQ(run(Escalation(), child.process()).endings.at(0).ended_by, Signal(SIGTERM));
}

TEST(Escalation, LeavesStoppedWhatItsOwnStepStopped) {
    const Child child(pause_at_defaults);
    const Ending ending =
        std::move(run(ladder({step(SIGSTOP, {})}), child.process(), {.timeout = milliseconds(50)}).endings.at(0));
    EXPECT_EQ(ending.survival, Survival::stopped);
}

TEST(Escalation, SendsNothingToWhatHadExited) {
    const Child child([](const auto&) { return 7; });
    child.wait_for_zombie();
    const Ending ending = std::move(run(Escalation(), child.process()).endings.at(0));
    EXPECT_TRUE(ending.ended);
    EXPECT_FALSE(ending.last_sent);
    EXPECT_FALSE(ending.ended_by);
    EXPECT_EQ(ending.status.code, 7);
}

TEST(Escalation, CountsAStrangersZombieAsEnded) {
    const Stranger stranger(pause_at_defaults);
    EXPECT_EQ(run(Escalation(), stranger.process()).end, EscalationEnd::all_ended);
    EXPECT_EQ(stranger.process().state(), ProcessState::zombie);
}

TEST(Escalation, ClaimsNoEndThatASignalOfOthersBrought) {
    const Child child(ignore_term_and_pause);
    EscalationOptions options;
    options.observer = [&](const EscalationProgress& progress) {
        if (progress.last && progress.ended == 0) {
            ASSERT_TRUE(send(child.process(), Signal(SIGHUP)));
        }
    };
    const Ending ending = std::move(run(ladder({step(SIGTERM, {})}), child.process(), options).endings.at(0));
    EXPECT_EQ(ending.status.signal, Signal(SIGHUP));
    EXPECT_EQ(ending.last_sent, Signal(SIGTERM));
    EXPECT_FALSE(ending.ended_by);
}

TEST(Escalation, NamesTheUnmovedWhenTheTimeIsOver) {
    const Child child(ignore_term_and_pause);
    const EscalationReport report = run(ladder({step(SIGTERM, {})}), child.process(), {.timeout = milliseconds(50)});
    EXPECT_EQ(report.end, EscalationEnd::timed_out);
    EXPECT_FALSE(report.endings.at(0).ended);
    EXPECT_EQ(report.endings.at(0).survival, Survival::unmoved);
    EXPECT_GE(report.endings.at(0).after, milliseconds(50));
}

TEST(Escalation, TakesNoStepAfterItsDeadline) {
    const Child child(pause_at_defaults);
    const EscalationReport report =
        run(ladder({step(SIGKILL, seconds(60))}), child.process(), {.timeout = nanoseconds(1)});
    EXPECT_EQ(report.end, EscalationEnd::timed_out);
    EXPECT_EQ(report.endings.at(0).survival, Survival::not_signalled);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(Escalation, EndsWhenItIsCancelled) {
    const Child child(ignore_term_and_pause);
    const UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
    EscalationOptions options;
    options.cancel_fd = cancel.get();
    options.observer = [&](const EscalationProgress&) { ::eventfd_write(cancel.get(), 1); };
    const EscalationReport report = run(Escalation(), child.process(), options);
    EXPECT_EQ(report.end, EscalationEnd::cancelled);
    EXPECT_EQ(report.endings.at(0).last_sent, Signal(SIGTERM));
    EXPECT_EQ(report.endings.at(0).survival, Survival::unmoved);
}

TEST(Escalation, DoesNotWaitForWhatItMayNotSignal) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const Child child(pause_at_defaults);
    const int status = run_as_nobody([&] {
        const Process process = Process::from_fd(child.process().fd()).value();
        const EscalationReport report = run(Escalation(), process);
        const Ending& ending = report.endings.at(0);
        const bool told = ending.survival == Survival::refused && ending.error->reason == Reason::no_permission;
        return report.end == EscalationEnd::given_up && told ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
}

/// In vfork(2) a process sleeps in state D until its child is done; with the signal blocked it stays so.
int sleep_in_vfork(const std::function<void()>& ready) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ready();
    if (::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            ::pause();
        }
    }
    return 0;
}

TEST(Escalation, NamesTheUninterruptible) {
    const Child child(sleep_in_vfork);
    wait_for_state(child.process(), 'D');
    const EscalationReport report = run(ladder({step(SIGTERM, {})}), child.process(), {.timeout = milliseconds(50)});
    EXPECT_EQ(report.endings.at(0).survival, Survival::uninterruptible);
}

TEST(Escalation, GivesUpWhatNotEvenKillEnds) {
    if (const std::string reason = FrozenCgroup::missing(); !reason.empty()) {
        GTEST_SKIP() << reason;
    }
    const Child child(pause_at_defaults);
    const FrozenCgroup frozen(child.pid());
    EscalationOptions options;
    options.kill_patience = milliseconds(50);
    const EscalationReport report = run(ladder({step(SIGKILL, {})}), child.process(), options);
    EXPECT_EQ(report.end, EscalationEnd::given_up);
    EXPECT_EQ(report.endings.at(0).last_sent, Signal(SIGKILL));
    EXPECT_EQ(report.endings.at(0).survival, Survival::uninterruptible);
}

/// 0 when PID 1 survives its own child's attempt, as shielded and without a wait.
int try_to_stop_init() {
    Child child([](const auto&) {
        const Process init = Process::open(1).value();
        const EscalationReport report = run(Escalation(), init);
        const bool told = report.endings.at(0).survival == Survival::shielded;
        return report.end == EscalationEnd::given_up && told ? 0 : 1;
    });
    return child.wait();
}

TEST(Escalation, GivesUpTheInitOfItsOwnNamespace) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to make a PID namespace";
    }
    EXPECT_EQ(run_as_init(try_to_stop_init, 77), 0);
}

TEST(Escalation, EndsWhatAppearsWhileItRuns) {
    const Child target(pause_at_defaults);
    std::vector<std::unique_ptr<Child>> late;
    EscalationOptions options;
    options.more = [&]() -> Result<std::vector<Token>> {
        if (late.size() < 3) { // one before the step, one more while it is stopped, one before the end
            late.push_back(std::make_unique<Child>(pause_at_defaults));
        }
        std::vector<Token> found;
        found.reserve(late.size());
        for (const auto& child : late) {
            found.push_back(child->process().token());
        }
        return found;
    };
    const EscalationReport report = run(Escalation(), target.process(), options);
    EXPECT_EQ(report.end, EscalationEnd::all_ended);
    ASSERT_EQ(report.endings.size(), 4U);
    EXPECT_FALSE(report.endings[0].appeared);
    for (std::size_t i = 1; i < report.endings.size(); ++i) {
        EXPECT_EQ(report.endings[i].appeared->pid, late[i - 1]->pid());
        EXPECT_EQ(report.endings[i].ended_by, Signal(SIGTERM));
    }
}

TEST(Escalation, WhenTheSearchForMoreFailsAllGoOnAsBefore) {
    const Child child(pause_at_defaults);
    EscalationOptions options;
    options.more = [] { return Result<std::vector<Token>>(failure(EMFILE, "more")); };
    EXPECT_EQ(Escalation().run({&child.process(), 1}, options).error().code, EMFILE);
    ASSERT_TRUE(send(child.process(), Signal(SIGTERM))); // a stopped process would not take it
    wait_for_exit(child.process());
}

TEST(Escalation, InstallsNoHandlerAndChangesNoMask) {
    const Child child(ignore_term_and_pause);
    const auto handlers = [] {
        const SignalStatus status = signal_status(Process::open(::getpid()).value()).value();
        return std::tuple(status.caught.mask(), status.ignored.mask(), status.blocked.mask());
    };
    const auto before = handlers();
    EscalationOptions options;
    options.observer = [&](const EscalationProgress&) { EXPECT_EQ(handlers(), before); };
    static_cast<void>(run(ladder({step(SIGTERM, {}), step(SIGKILL, milliseconds(1))}), child.process(), options));
    EXPECT_EQ(handlers(), before);
}

TEST(Escalation, SeveralThreadsMayEndTheSameProcesses) {
    std::vector<std::unique_ptr<Child>> children;
    std::vector<Process> processes;
    for (int i = 0; i < 20; ++i) {
        children.push_back(std::make_unique<Child>(pause_at_defaults));
        processes.push_back(children.back()->process().duplicate().value());
    }
    std::vector<EscalationEnd> ends(4, EscalationEnd::cancelled);
    {
        std::vector<std::jthread> threads;
        threads.reserve(ends.size());
        for (EscalationEnd& end : ends) {
            threads.emplace_back([&] { end = Escalation().run(processes).value().end; });
        }
    }
    EXPECT_EQ(ends, std::vector(4, EscalationEnd::all_ended));
}

} // namespace
} // namespace sig2pid::test
