// SPDX-License-Identifier: BSD-2-Clause
// What each event tells, on the running kernel.
#include "observed.hpp"

#include "engine/kernel.hpp"
#include "helpers/child.hpp"

#include <array>
#include <csignal>
#include <fmt/format.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

using test::Child;

/// A word that a child can write and its parent read.
template <typename T> class Shared {
public:
    Shared()
        : place_(static_cast<T*>(mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    }
    ~Shared() { munmap(place_, sizeof(T)); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    T& operator*() const { return *place_; }

private:
    T* place_;
};

std::uint64_t number_of(pid_t pid) {
    return static_cast<std::uint64_t>(pid);
}

void call_itself(const std::string& name) {
    prctl(PR_SET_NAME, name.c_str());
}

/// A name that no other process has: made by the first to ask, the test, and the same in its children.
const std::string& unique_name() {
    static const std::string name = fmt::format("s2p-{}", getpid());
    return name;
}

class Events : public Engine {
protected:
    std::vector<Observed> see(const std::string& event, const std::string& where, const std::function<void()>& cause) {
        const auto outcome = watch(rule(event, where), cause);
        EXPECT_EQ(outcome.summary.matched, outcome.reports.size());
        return observed(event, outcome.reports);
    }

    /// The `exit` events of a child that runs `body` under a name of its own, and its wait status.
    std::vector<Observed> see_exit(const std::function<void()>& body, int& status) {
        return see("exit", fmt::format("comm == \"{}\" && ppid == {}", unique_name(), getpid()), [&] {
            const pid_t child = fork();
            if (child == 0) {
                call_itself(unique_name());
                body();
                _exit(99);
            }
            EXPECT_EQ(waitpid(child, &status, 0), child);
        });
    }

    /// One `exit` event, and it tells what wait(2) tells.
    void expect_one_exit(const std::function<void()>& body) {
        int status = 0;
        const auto matches = see_exit(body, status);
        ASSERT_EQ(matches.size(), 1U);
        EXPECT_EQ(matches[0].number("code"), WIFEXITED(status) ? static_cast<unsigned>(WEXITSTATUS(status)) : 0U);
        EXPECT_EQ(matches[0].number("signal"), WIFSIGNALED(status) ? static_cast<unsigned>(WTERMSIG(status)) : 0U);
        EXPECT_EQ(matches[0].number("core"), WCOREDUMP(status) ? 1U : 0U);
        EXPECT_EQ(matches[0].number("pid"), matches[0].number("tid"));
        status_ = status;
    }

    int status_ = 0;
};

TEST_F(Events, exec_tells_the_path_that_was_asked_for_and_the_new_name) {
    const std::string path = directory() / "worker";
    pid_t pid = 0;
    const auto matches = see("exec", fmt::format("filename == \"{}\"", path), [&] {
        std::filesystem::create_symlink("/bin/sh", path);
        auto child = Process::spawn(std::array{path, std::string("-c"), std::string("exit 3")});
        ASSERT_TRUE(child);
        pid = child->pid();
        EXPECT_EQ(reap(*child), 3);
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].text("comm"), "worker");
    EXPECT_EQ(matches[0].number("pid"), number_of(pid));
    EXPECT_EQ(matches[0].number("ppid"), number_of(getpid()));
}

TEST_F(Events, a_failed_exec_is_no_event) {
    const auto matches = see("exec", fmt::format("ppid == {}", getpid()), [] {
        Child child([](const auto&) {
            execl("/nowhere/at-all", "at-all", nullptr);
            return 4;
        });
        EXPECT_EQ(child.wait(), 4);
    });
    EXPECT_TRUE(matches.empty());
}

TEST_F(Events, exit_tells_the_code) {
    expect_one_exit([] { _exit(42); });
    EXPECT_EQ(WEXITSTATUS(status_), 42);
}

TEST_F(Events, exit_tells_the_lower_byte_of_a_code_as_wait_does) {
    expect_one_exit([] { _exit(0x1ff); });
    EXPECT_EQ(WEXITSTATUS(status_), 255);
}

TEST_F(Events, exit_tells_the_signal_that_killed) {
    expect_one_exit([] { kill(getpid(), SIGKILL); });
    EXPECT_EQ(WTERMSIG(status_), SIGKILL);
}

TEST_F(Events, exit_tells_whether_core_was_dumped) {
    for (const rlim_t size : {rlim_t{0}, rlim_t{1} << 20U}) {
        expect_one_exit([&] {
            const rlimit limit = {size, size};
            setrlimit(RLIMIT_CORE, &limit);
            prctl(PR_SET_DUMPABLE, 1);
            EXPECT_EQ(chdir(directory().c_str()), 0);
            signal(SIGQUIT, SIG_DFL);
            unblock_all();
            raise(SIGQUIT);
        });
        EXPECT_EQ(WTERMSIG(status_), SIGQUIT);
    }
}

TEST_F(Events, a_process_with_threads_exits_once_whoever_is_first) {
    expect_one_exit([] {
        std::array<std::thread, 8> threads;
        for (auto& thread : threads) {
            thread = std::thread([] {});
        }
        for (std::size_t i = 0; i < threads.size(); i++) {
            threads.at(i * 5 % threads.size()).join();
        }
        _exit(6);
    });
    EXPECT_EQ(WEXITSTATUS(status_), 6);
}

TEST_F(Events, threads_that_a_group_exit_ends_are_no_events) {
    expect_one_exit([] {
        for (int i = 0; i < 8; i++) {
            std::thread([] {
                for (;;) {
                    pause();
                }
            }).detach();
        }
        std::thread([] { _exit(7); }).join();
    });
    EXPECT_EQ(WEXITSTATUS(status_), 7);
}

/// The kernel clears and wakes this word when the leader, having left the group, gives up its memory.
std::uint32_t leader_word = 1;

/// Ends the main thread with 5, and then the process by the other one.
void exit_after_leader(void (*last)()) {
    leader_word = 1;
    syscall(SYS_set_tid_address, &leader_word);
    std::thread([last] {
        while (__atomic_load_n(&leader_word, __ATOMIC_ACQUIRE) != 0) {
            syscall(SYS_futex, &leader_word, FUTEX_WAIT, 1, nullptr, nullptr, 0);
        }
        last();
    }).detach();
    syscall(SYS_exit, 5);
}

TEST_F(Events, the_last_thread_speaks_for_a_leader_that_has_exited) {
    expect_one_exit([] { exit_after_leader([] { syscall(SYS_exit, 3); }); });
    // wait(2) tells the leader's code, or from Linux 5.19 on that of the last thread
    EXPECT_TRUE(WEXITSTATUS(status_) == 5 || WEXITSTATUS(status_) == 3);
}

TEST_F(Events, a_group_exit_after_the_leaders_has_its_own_code) {
    expect_one_exit([] { exit_after_leader([] { _exit(3); }); });
    EXPECT_EQ(WEXITSTATUS(status_), 3);
}

TEST_F(Events, an_exec_by_a_thread_is_no_exit) {
    const std::string name = unique_name();
    int status = 0;
    const auto matches = see("exit", fmt::format("ppid == {}", getpid()), [&] {
        const pid_t child = fork();
        if (child == 0) {
            std::thread([] { execl("/bin/sh", "sh", "-c", "exit 8", nullptr); }).join();
            _exit(99);
        }
        EXPECT_EQ(waitpid(child, &status, 0), child);
    });
    EXPECT_EQ(WEXITSTATUS(status), 8);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("code"), 8U);
    EXPECT_EQ(matches[0].text("comm"), "sh");
}

TEST_F(Events, fork_tells_the_child_and_threads_do_not_count) {
    pid_t child = 0;
    const auto matches = see("fork", fmt::format("pid == {}", getpid()), [&] {
        std::thread([] {}).join();
        Child made([](const auto&) { return 0; });
        child = made.pid();
        made.wait();
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("child"), number_of(child));
}

/// What `signal` tells of SIGUSR2 or so to a child that blocks all.
class SignalEvent : public Events {
protected:
    void expect(std::int64_t code, std::uint64_t sender, const std::function<void(pid_t)>& send) {
        const Child receiver(test::block_all_and_pause);
        const auto matches = see("signal", fmt::format("pid == {}", receiver.pid()), [&] { send(receiver.pid()); });
        ASSERT_EQ(matches.size(), 1U);
        EXPECT_EQ(matches[0].number("sig"), std::uint64_t{SIGUSR2});
        EXPECT_EQ(static_cast<std::int64_t>(matches[0].number("code")), code);
        EXPECT_EQ(matches[0].number("sender"), sender);
    }
};

TEST_F(SignalEvent, by_kill_has_code_0_and_its_sender) {
    expect(SI_USER, number_of(getpid()), [](pid_t pid) { kill(pid, SIGUSR2); });
}

TEST_F(SignalEvent, by_sigqueue_has_code_minus_1) {
    expect(SI_QUEUE, number_of(getpid()), [](pid_t pid) { sigqueue(pid, SIGUSR2, {}); });
}

TEST_F(SignalEvent, by_tgkill_has_code_minus_6) {
    expect(SI_TKILL, number_of(getpid()), [](pid_t pid) { syscall(SYS_tgkill, pid, pid, SIGUSR2); });
}

TEST_F(SignalEvent, has_another_process_as_sender) {
    const Shared<pid_t> go;
    const Child sender([&](const auto& ready) {
        *go = 0;
        ready();
        syscall(SYS_futex, &*go, FUTEX_WAIT, 0, nullptr, nullptr, 0);
        return kill(*go, SIGUSR2);
    });
    expect(SI_USER, number_of(sender.pid()), [&](pid_t pid) {
        *go = pid;
        syscall(SYS_futex, &*go, FUTEX_WAKE, 1, nullptr, nullptr, 0);
        test::wait_for_exit(sender.process());
    });
}

TEST_F(Events, a_signal_of_the_kernels_own_has_code_128_and_no_sender) {
    const auto matches = see("signal", fmt::format("ppid == {} && sig == {}", getpid(), SIGALRM), [] {
        Child child([](const auto&) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGALRM);
            sigprocmask(SIG_BLOCK, &set, nullptr);
            const itimerval soon = {{0, 0}, {0, 1}};
            setitimer(ITIMER_REAL, &soon, nullptr);
            int got = 0;
            sigwait(&set, &got);
            return got;
        });
        EXPECT_EQ(child.wait(), SIGALRM);
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("code"), 128U);
    EXPECT_EQ(matches[0].number("sender"), 0U);
}

TEST_F(Events, the_end_of_a_child_is_a_signal_to_its_parent) {
    pid_t child = 0;
    const auto where = fmt::format("pid == {} && sig == {}", getpid(), SIGCHLD);
    const auto matches = see("signal", where, [&] {
        Child made([](const auto&) { return 9; });
        child = made.pid();
        made.wait();
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("code"), std::uint64_t{CLD_EXITED});
    EXPECT_EQ(matches[0].number("sender"), number_of(child));
}

TEST_F(Events, a_rule_is_not_set_off_by_its_own_signal) {
    for (const Rung rung : {Rung::direct, Rung::task_work, Rung::pidfd}) {
        if (!missing_rung(rung).empty()) {
            continue;
        }
        auto text = rule("signal", fmt::format("pid == {} && sig == {}", getpid(), SIGRTMIN + 3));
        text.rung = rung;
        text.count = 5; // an end, should it set itself off
        const auto outcome = watch(text, [&] {
            const pid_t self = getpid();
            Child child([&](const auto&) { return sigqueue(self, SIGRTMIN + 3, {}); });
            EXPECT_EQ(child.wait(), 0);
            // the child's and the rule's: had the latter set it off, that match would be counted by now
            EXPECT_TRUE(await_signal());
            EXPECT_TRUE(await_signal());
        });
        EXPECT_EQ(outcome.summary.matched, 1U) << to_string(rung);
        EXPECT_TRUE(received().empty()) << to_string(rung);
    }
}

/// Runs `body` in a new PID namespace, as a grandchild of this process; returns its PID as this process sees it.
pid_t run_in_namespace(const std::function<int()>& body) {
    const Shared<pid_t> number;
    Child child([&](const auto&) {
        if (unshare(CLONE_NEWPID) != 0) {
            return 1;
        }
        const pid_t inner = fork();
        if (inner == 0) {
            _exit(body());
        }
        *number = inner;
        return waitpid(inner, nullptr, 0) == inner ? 0 : 2;
    });
    EXPECT_EQ(child.wait(), 0);
    return *number;
}

TEST_F(Events, a_process_of_a_pid_namespace_below_has_the_number_that_is_seen_here) {
    const std::string name = unique_name();
    pid_t pid = 0;
    const auto matches = see("exit", fmt::format("comm == \"{}\"", name), [&] {
        pid = run_in_namespace([&] {
            call_itself(name);
            return getpid() == 1 ? 7 : 8;
        });
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("code"), 7U);
    EXPECT_EQ(matches[0].number("pid"), number_of(pid));
    EXPECT_EQ(matches[0].number("tid"), number_of(pid));
    EXPECT_NE(matches[0].number("ppid"), number_of(getpid()));
}

TEST_F(Events, a_fork_into_a_pid_namespace_tells_the_number_that_is_seen_here) {
    pid_t pid = 0;
    const auto matches =
        see("fork", fmt::format("ppid == {}", getpid()), [&] { pid = run_in_namespace([] { return 0; }); });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("child"), number_of(pid));
}

TEST_F(Events, a_rule_in_a_pid_namespace_sees_its_own_numbers) {
    const Shared<std::array<pid_t, 2>> numbers;
    run_in_namespace([&] {
        // the process 1 of a namespace, arming a rule there, as in a container
        const auto matches = see("fork", fmt::format("pid == {}", getpid()), [&] {
            Child made([](const auto&) { return 0; });
            (*numbers)[0] = made.pid();
            made.wait();
        });
        (*numbers)[1] = matches.size() == 1 ? static_cast<pid_t>(matches[0].number("child")) : -1;
        return 0;
    });
    EXPECT_GT((*numbers)[0], 1);
    EXPECT_EQ((*numbers)[0], (*numbers)[1]);
}

TEST_F(Events, a_tracepoints_string_at_the_records_end_is_read_whole) {
    const std::string path = directory() / (std::string(60, 'd') + "-of-a-long-name");
    const auto matches =
        see("tracepoint:sched/sched_process_exec", fmt::format("filename =~ \"*/ddd*-of-a-long-name\""), [&] {
            std::filesystem::create_symlink("/bin/true", path);
            auto child = Process::spawn(std::array{path});
            ASSERT_TRUE(child);
            EXPECT_EQ(reap(*child), 0);
        });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].text("filename"), path);
    EXPECT_EQ(matches[0].number("pid"), matches[0].number("old_pid"));
}

TEST_F(Events, a_tracepoints_char_arrays_are_compared_up_to_their_last_byte) {
    const auto where = fmt::format("oldcomm == \"fifteen-bytes-o\" && newcomm == \"fifteen-bytes-x\" && pid != 0");
    const auto matches = see("tracepoint:task/task_rename", where, [] {
        std::thread([] {
            call_itself("fifteen-bytes-o");
            call_itself("fifteen-bytes-xyz");
            call_itself("fifteen-bytes-");
        }).join();
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].text("oldcomm"), "fifteen-bytes-o");
    EXPECT_EQ(matches[0].text("newcomm"), "fifteen-bytes-x");
}

TEST_F(Events, a_tracepoints_64_bit_field_has_all_its_bits) {
    constexpr std::uint64_t clear_handlers = 0x1'0000'0000; // CLONE_CLEAR_SIGHAND, Linux 5.5
    const auto where = fmt::format("ppid == {} && clone_flags & {:#x}", getppid(), clear_handlers);
    const auto matches = see("tracepoint:task/task_newtask", where, [] {
        struct {
            std::uint64_t flags = clear_handlers, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = SIGCHLD,
                          stack = 0, stack_size = 0, tls = 0;
        } arguments;
        const auto child = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof(arguments)));
        if (child == 0) {
            _exit(0);
        }
        EXPECT_EQ(waitpid(child, nullptr, 0), child);
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("clone_flags"), clear_handlers);
}

TEST_F(Events, an_element_of_a_tracepoints_array_is_compared_and_sent) {
    auto text =
        rule("tracepoint:raw_syscalls/sys_enter",
             fmt::format("pid == {} && id == {} && args[1] > 5 && args[0] != args[1] && args[5] == 0x1122334455667788",
                         getpid(), SYS_getpgid));
    text.value = "args[5]";
    constexpr std::uint64_t last = 0x1122334455667788;
    const auto event = find_event(text.event);
    ASSERT_TRUE(event) << event.error().message();
    const auto outcome = watch(text, [] {
        syscall(SYS_getpgid, 1, 5, 0, 0, 0, last);
        syscall(SYS_getpgid, 7, 7, 0, 0, 0, last);
        syscall(SYS_getpgid, 1, 6, 3, 4, -5L, last);
        syscall(SYS_getpgid, 1, 6, 3, 4, -5L, last + 1);
    });
    const auto matches = observed(*event, outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].numbers("args"),
              (std::vector<std::uint64_t>{1, 6, 3, 4, static_cast<std::uint64_t>(-5L), last}));
    const auto signals = received();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].value, last);
}

TEST_F(Events, a_tracepoints_boolean_is_one_in_an_expression) {
    const auto event = find_event("tracepoint:sched/sched_process_exit");
    ASSERT_TRUE(event) << event.error().message();
    if (std::ranges::find(event->fields, "group_dead", &Field::name) == event->fields.end()) {
        GTEST_SKIP() << "sched_process_exit has a boolean in Linux 6.16 and later, this is " << kernel_release();
    }
    const auto where = fmt::format("comm == \"{}\" && group_dead != false", unique_name());
    const auto matches = see("tracepoint:sched/sched_process_exit", where, [] {
        Child child([](const auto&) {
            call_itself(unique_name());
            std::thread([] {}).join();
            return 0;
        });
        child.wait();
    });
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("group_dead"), 1U);
}

} // namespace

} // namespace sig2pid::engine
