// SPDX-License-Identifier: BSD-2-Clause
#include "on_rung.hpp"

#include "engine/capability.hpp"
#include "engine/kernel.hpp"
#include "helpers/child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <linux/capability.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

int block_nothing_and_pause() {
    unblock_all();
    for (;;) {
        pause();
    }
}

int pause_with_defaults(const std::function<void()>& ready) {
    unblock_all();
    return test::pause_at_defaults(ready);
}

class Targets : public Engine {};

TEST_F(Targets, a_target_that_the_signal_would_end_is_refused) {
    const Child child(pause_with_defaults);
    auto text = rule("exit");
    text.target = target_of(child.process());
    const auto error = refusal(text);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ECANCELED);
    EXPECT_NE(error->context.find("--allow-default"), std::string::npos);
}

TEST_F(Targets, a_signal_that_is_meant_to_end_needs_no_leave) {
    Child child(pause_with_defaults);
    auto text = rule("exit", R"(comm == "worker")");
    text.target = target_of(child.process());
    text.signal = Signal(SIGTERM);
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        EXPECT_EQ(child.wait(), 128 + SIGTERM);
    });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
}

TEST_F(Targets, a_target_that_has_been_reaped_is_gone) {
    Child child([](const auto&) { return 0; });
    auto text = rule("exit");
    text.target = target_of(child.process());
    child.wait();
    const auto error = refusal(text);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->reason, Reason::gone);
}

TEST_F(Targets, the_death_of_the_target_ends_the_session) {
    Child child(test::block_all_and_pause);
    auto text = rule("exit", R"(comm == "worker")");
    text.target = target_of(child.process());
    const auto checked = Rule::check(text);
    ASSERT_TRUE(checked);
    auto session = Session::arm(*checked);
    ASSERT_TRUE(session) << session.error().message();
    kill(child.pid(), SIGKILL);
    const auto ending = session->run(-1, [](const Match&) {});
    ASSERT_TRUE(ending);
    EXPECT_EQ(*ending, Ending::target_gone);
}

TEST_F(Targets, a_target_that_loses_its_handler_is_not_ended) {
    Child child([](const auto& ready) {
        auto receiver = Receiver::make({Signal(SIGUSR1)});
        signal(SIGUSR1, SIG_DFL);
        ready();
        const auto got = receiver->receive();
        receiver = Receiver::make({Signal(SIGUSR2)}); // the first signal was the last one it expected
        unblock_all();                                // the test's mask, too, before it is told
        kill(getppid(), SIGRTMIN + 1);
        return got ? block_nothing_and_pause() : 1;
    });
    auto text = rule("exit", R"(comm == "worker")");
    text.signal = Signal(SIGUSR1);
    text.target = target_of(child.process());
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        EXPECT_TRUE(await_signal());
        run_named("worker", 0);
    });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
    EXPECT_EQ(outcome.summary.total(Verdict::unhandled), 1U);
    EXPECT_EQ(*child.process().state(), ProcessState::alive);
}

/// Waits for `go`, then executes a shell from a thread that is not the leader: the kernel puts it in the leader's
/// place.
int exec_from_thread(int go) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    pthread_t thread = {};
    pthread_create(
        &thread, nullptr,
        [](void* argument) -> void* {
            eventfd_t value = 0;
            eventfd_read(*static_cast<int*>(argument), &value);
            execl("/bin/sh", "sh", "-c", "read unused", nullptr);
            return nullptr;
        },
        &go);
    pthread_join(thread, nullptr);
    return 1;
}

/// With a rung or none named; skips the rungs that this kernel lacks.
class PerhapsOnRung : public Engine, public ::testing::WithParamInterface<std::optional<Rung>> {
protected:
    void SetUp() override {
        Engine::SetUp();
        if (const std::string missing = missing_rung(GetParam()); !missing.empty()) {
            GTEST_SKIP() << missing;
        }
    }
};

class AfterExec : public PerhapsOnRung {};

TEST_P(AfterExec, a_target_whose_other_thread_called_exec_is_still_signalled) {
    const UniqueFd go(eventfd(0, 0));
    int input[2] = {};
    ASSERT_EQ(pipe(input), 0);
    const UniqueFd read_end(input[0]);
    const UniqueFd write_end(input[1]);
    Child child([&](const auto& ready) {
        dup2(read_end.get(), 0);
        ready();
        return exec_from_thread(go.get());
    });
    auto text = rule("exit", R"(comm == "worker")");
    text.target = target_of(child.process());
    text.rung = GetParam();
    const auto outcome = watch(text, [&] {
        run_named("worker", 0);
        eventfd_write(go.get(), 1);
        const std::string comm = "/proc/" + std::to_string(child.pid()) + "/comm";
        for (std::string now; now != "sh";) {
            now = name(child.process()).value_or("sh");
        }
        run_named("worker", 0);
        run_named("worker", 0);
    });
    EXPECT_EQ(outcome.summary.matched, 3U);
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 3U);
    const auto status = signal_status(child.process());
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->shared_pending.contains(text.signal));
}

INSTANTIATE_TEST_SUITE_P(rungs, AfterExec, ::testing::Values(Rung::direct, Rung::pidfd, std::nullopt));

TEST_F(Targets, the_current_task_is_signalled) {
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.target = NamedTarget::current;
    const auto outcome = watch(text, [] { getpgid(0x5150); });
    ASSERT_EQ(outcome.reports.size(), 1U);
    // it is this very process, which arms the rule, and that is never meant by a word
    EXPECT_EQ(outcome.reports[0].match.verdict, Verdict::denied);
    EXPECT_FALSE(outcome.reports[0].match.reason.empty());
}

class NamedOnRung : public PerhapsOnRung {};

TEST_P(NamedOnRung, the_subject_of_an_exec_gets_the_signal) {
    auto text = rule("exec", R"(comm == "worker")");
    text.target = NamedTarget::subject;
    text.signal = Signal(SIGKILL);
    text.rung = GetParam();
    std::optional<Child> child;
    const auto outcome = watch(text, [&] {
        std::filesystem::create_symlink("/bin/sh", directory() / "worker");
        const std::vector<std::string> command = {(directory() / "worker").string(), "-c", "read unused < /dev/zero"};
        auto spawned = Process::spawn(command);
        ASSERT_TRUE(spawned);
        siginfo_t info = {};
        ASSERT_EQ(waitid(P_PIDFD, static_cast<id_t>(spawned->fd()), &info, WEXITED), 0);
        EXPECT_EQ(info.si_code, CLD_KILLED);
    });
    ASSERT_EQ(outcome.reports.size(), 1U);
    EXPECT_EQ(outcome.reports[0].match.verdict, Verdict::delivered);
}

INSTANTIATE_TEST_SUITE_P(rungs, NamedOnRung,
                         ::testing::Values(Rung::direct, Rung::task_work, Rung::pidfd, std::nullopt));

TEST_F(Targets, the_parent_of_an_exiting_process_gets_the_signal) {
    auto text = rule("exit", R"(comm == "worker")");
    text.target = NamedTarget::parent;
    text.value = "code";
    const UniqueFd go(eventfd(0, 0));
    Child parent([&](const auto& ready) {
        auto receiver = Receiver::make({Signal(SIGRTMIN + 3)});
        ready();
        eventfd_t value = 0;
        eventfd_read(go.get(), &value);
        run_named("worker", 9);
        const auto got = receiver->receive(std::chrono::seconds(10));
        return got && *got ? static_cast<int>((*got)->value) : 1;
    });
    const auto outcome = watch(text, [&] {
        eventfd_write(go.get(), 1);
        EXPECT_EQ(parent.wait(), 9);
    });
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 1U);
}

TEST_F(Targets, a_full_queue_of_the_target_is_an_overflow_and_nothing_is_lost) {
    Child child([](const auto& ready) {
        const rlimit few = {4, 4};
        setrlimit(RLIMIT_SIGPENDING, &few);
        if (setuid(54321) != 0) { // the count is the user's, not the process's: nobody else has this one
            return 1;
        }
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        ready();
        for (;;) {
            pause();
        }
        return 0;
    });
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.target = target_of(child.process());
    const auto outcome = watch(text, [] {
        for (int i = 0; i < 10; i++) {
            getpgid(0x5150);
        }
    });
    EXPECT_EQ(outcome.summary.matched, 10U);
    EXPECT_EQ(outcome.summary.total(Verdict::delivered), 4U);
    EXPECT_EQ(outcome.summary.total(Verdict::overflow), 6U);
}

TEST_F(Targets, a_target_that_goes_in_and_out_of_sigwait_always_expects_its_signal) {
    const Signal last(SIGRTMIN + 4);
    Child child([&](const auto& ready) {
        sigset_t wanted = SignalSet({Signal(SIGRTMIN + 3), last}).to_sigset();
        sigprocmask(SIG_BLOCK, &wanted, nullptr);
        ready();
        siginfo_t info = {};
        while (sigwaitinfo(&wanted, &info) != last.number()) {
        }
        return 0;
    });
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.target = target_of(child.process());
    const auto outcome = watch(
        text,
        [] {
            for (int i = 0; i < 50'000; i++) {
                getpgid(0x5150);
            }
        },
        Reports::none);
    kill(child.pid(), last.number());
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(outcome.summary.total(Verdict::unhandled), 0U);
    EXPECT_EQ(outcome.summary.matched, outcome.summary.total(Verdict::delivered) +
                                           outcome.summary.total(Verdict::overflow) + outcome.summary.lost);
}

TEST_F(Targets, a_stopped_target_gets_a_queued_send_from_the_agent_and_only_once) {
    const auto kernel = KernelFeatures::read();
    if (!kernel || !kernel->task_work) {
        GTEST_SKIP() << "bpf_task_work_schedule_signal is in Linux 6.18 and later, this is " << kernel_release();
    }
    const Signal last(SIGRTMIN + 4);
    Child child([&](const auto& ready) {
        auto receiver = Receiver::make({Signal(SIGRTMIN + 3), last});
        ready();
        int count = 0;
        for (auto got = receiver->receive(); got && *got && (*got)->signal != last; got = receiver->receive()) {
            count++;
        }
        return count;
    });
    kill(child.pid(), SIGSTOP);
    auto text = rule("syscall:getpgid", "pid == 0x5150");
    text.target = target_of(child.process());
    text.rung = Rung::task_work;
    const auto outcome = watch(text, [] { getpgid(0x5150); });
    EXPECT_EQ(outcome.summary.count(Rung::pidfd, Verdict::delivered), 1U);
    ASSERT_EQ(outcome.reports.size(), 1U);
    EXPECT_EQ(outcome.reports[0].match.rung, Rung::pidfd);
    kill(child.pid(), last.number());
    kill(child.pid(), SIGCONT);
    EXPECT_EQ(child.wait(), 1) << "once, though its task work was still queued";
}

/// Becomes an ordinary user who may load BPF programs, but not signal anyone else.
bool become_user_with_bpf() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    for (const Capability capability : {Capability::bpf, Capability::perfmon}) {
        const auto number = static_cast<unsigned>(capability);
        data[number / 32].permitted |= 1U << (number % 32);
    }
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    return prctl(PR_SET_KEEPCAPS, 1) == 0 && setgid(65534) == 0 && setuid(65534) == 0 &&
           syscall(SYS_capset, &header, data) == 0 && missing_for_bpf().empty();
}

TEST_F(Targets, who_may_load_bpf_still_signals_only_what_kill_would_permit) {
    const Child victim(test::block_all_and_pause); // root's
    Child user([&](const auto& ready) {
        ready();
        if (!become_user_with_bpf()) {
            return 1;
        }
        auto text = rule("exit");
        const auto own = refusal(text);
        text.target = target_of(victim.process());
        const auto foreign = refusal(text);
        text.target = NamedTarget::current;
        const auto anyone = refusal(text);
        return (own ? 2 : 0) + (foreign && foreign->reason == Reason::no_permission ? 0 : 4) +
               (anyone && anyone->reason == Reason::no_permission ? 0 : 8);
    });
    EXPECT_EQ(user.wait(), 0) << "1 no such user, 2 own process refused, 4 root's not refused, 8 current not refused";
}

TEST_F(Targets, a_target_that_changes_its_owner_is_denied_from_then_on) {
    int ends[2] = {};
    ASSERT_EQ(pipe(ends), 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    Child target([&](const auto& ready) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, nullptr);
        if (setresuid(65534, 65534, 0) != 0) {
            return 1;
        }
        ready();
        char byte = 0;
        while (read(reader.get(), &byte, 1) != 1) {
        }
        return setresuid(0, 0, 0) == 0 && kill(getppid(), SIGRTMIN + 1) == 0 ? test::block_all_and_pause([] {}) : 2;
    });
    std::filesystem::permissions(directory(), std::filesystem::perms::all);
    Child user([&](const auto& ready) {
        ready();
        if (!become_user_with_bpf()) {
            return 1;
        }
        auto text = rule("exit", R"(comm == "worker")");
        text.target = target_of(target.process());
        const auto outcome = watch(text, [&] {
            run_named("worker", 0);
            while (!signal_status(target.process())->shared_pending.contains(text.signal)) {
            }
            static_cast<void>(write(writer.get(), "x", 1));
            const auto owner = [&] { return signal_status(target.process())->real_uid; };
            while (owner() != 0) {
            }
            run_named("worker", 0);
        });
        return outcome.summary.total(Verdict::delivered) == 1 && outcome.summary.total(Verdict::denied) == 1 ? 0 : 3;
    });
    EXPECT_EQ(user.wait(), 0) << "1 no such user, 3 other verdicts";
}

TEST_F(Targets, pid_1_is_one_where_it_is_named) {
    auto text = rule("exit", R"(comm == "nobody has this")");
    text.target = *parse_rule_target("1");
    text.signal = Signal(SIGWINCH); // nothing happens, and nothing would come of it
    const auto error = refusal(text);
    EXPECT_FALSE(error) << error->message();
}

} // namespace

} // namespace sig2pid::engine
