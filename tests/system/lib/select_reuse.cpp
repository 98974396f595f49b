// SPDX-License-Identifier: BSD-2-Clause
// The promise of selection: whatever system call between the look and the signal a PID passes to another process at,
// that other process is not hit.
#include "helpers/confined.hpp"
#include "helpers/pid_space.hpp"
#include "helpers/rounds.hpp"
#include "helpers/scoped_calls.hpp"
#include "helpers/selected.hpp"

#include <sig2pid/escalation.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/sweep.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

namespace sig2pid {
namespace {

using std::chrono::milliseconds;
using test::Child;
using test::Finding;
using enum test::Finding;

constexpr int once_at_each_call = 0;

int many_rounds() {
    return test::rounds(1000, once_at_each_call);
}

/// Answers as long as no signal has come, not even one that would stop it or let it go on.
class Stranger {
public:
    Stranger()
        : child_([this](const std::function<void()>& ready) {
              ::signal(SIGCONT, [](int) { ::_exit(1); });
              ::prctl(PR_SET_NAME, "stranger");
              ready();
              for (eventfd_t one = 0; ::eventfd_read(question_.get(), &one) == 0;) {
                  ::eventfd_write(answer_.get(), one);
              }
              return 0;
          }) {}

    [[nodiscard]] pid_t pid() const { return child_.pid(); }

    [[nodiscard]] bool answers() const {
        constexpr int patience_ms = 10'000;
        ::eventfd_write(question_.get(), 1);
        pollfd either[] = {{answer_.get(), POLLIN, 0}, {child_.process().fd(), POLLIN, 0}};
        return ::poll(either, std::size(either), patience_ms) > 0 && (either[0].revents & POLLIN) != 0;
    }

private:
    UniqueFd question_{::eventfd(0, EFD_CLOEXEC)};
    UniqueFd answer_{::eventfd(0, EFD_CLOEXEC)};
    Child child_;
};

/// The process that dies, and the one that takes its PID when so many system calls were made.
struct Play {
    std::optional<Child> victim;
    std::optional<Stranger> stranger;
    int calls_until_reuse = -1; ///< negative: never
    int calls = 0;
    bool is_acting = false;
    bool cannot_steer = false;
};

Play play;

void reuse_the_pid() {
    const pid_t pid = play.victim->pid();
    static_cast<void>(send(play.victim->process(), Signal(SIGKILL)));
    play.victim->wait();
    play.cannot_steer = !test::steer_next_pid(pid);
    play.stranger.emplace();
}

/// Before each system call of the library.
void step() {
    if (play.is_acting) {
        return;
    }
    play.is_acting = true;
    if (play.calls++ == play.calls_until_reuse) {
        reuse_the_pid();
    }
    play.is_acting = false;
}

/// A call of the table with a step before it.
template <auto Call> struct Stepping;
template <typename Answer, typename... Arguments, Answer (*sys::Syscalls::*Call)(Arguments...)> struct Stepping<Call> {
    static Answer call(Arguments... arguments) {
        step();
        return (sys::kernel_calls().*Call)(arguments...);
    }
};

template <auto... Calls> void step_before(sys::Syscalls& table) {
    ((table.*Calls = Stepping<Calls>::call), ...);
}

void install(sys::Syscalls& table) {
    using sys::Syscalls;
    step_before<&Syscalls::openat, &Syscalls::pread, &Syscalls::getdents, &Syscalls::readlinkat, &Syscalls::poll,
                &Syscalls::pidfd_open, &Syscalls::pidfd_send_signal, &Syscalls::pidfd_get_info, &Syscalls::fstat,
                &Syscalls::fstatfs, &Syscalls::fstatat, &Syscalls::dup_cloexec, &Syscalls::dup_onto, &Syscalls::waitid,
                &Syscalls::epoll_create, &Syscalls::epoll_add, &Syscalls::epoll_wait>(table);
}

/// Selects and signals as the send command does: how many were signalled.
int select_and_kill(const std::string& argument) {
    int signalled = 0;
    const Result<ProcessSet> set = test::select_by({argument});
    for (std::size_t i = 0; set && i < set->size(); ++i) {
        static_cast<void>(set->with(i, [&](const Process& process) {
            if (set->judge_again(i, process) && send(process, Signal(SIGKILL))) {
                ++signalled;
            }
        }));
    }
    return signalled;
}

/// Signals each the moment it is found.
int sweep_and_kill(const std::string& argument) {
    int signalled = 0;
    static_cast<void>(sweep(Target::parse(argument).value(),
                            [&](const Process& process) { signalled += send(process, Signal(SIGKILL)) ? 1 : 0; }));
    return signalled;
}

/// Selects and ends as the stop command does, with a first step that the victim outlives.
int select_and_stop(const std::string& argument, Newcomers newcomers) {
    Result<ProcessSet> set = test::select_by({argument});
    if (!set) {
        return 0;
    }
    const auto ladder = Escalation::make({{Signal(SIGUSR1), milliseconds(0)}, {Signal(SIGKILL), milliseconds(1)}});
    EscalationOptions options;
    options.newcomers = newcomers;
    const Result<EscalationReport> report = ladder->run(*set, options);
    return report && report->end == EscalationEnd::all_ended ? static_cast<int>(report->endings.size()) : 0;
}

int stop_those(const std::string& argument) {
    return select_and_stop(argument, Newcomers::none);
}

int stop_with_newcomers(const std::string& argument) {
    return select_and_stop(argument, Newcomers::matching);
}

/// \return how many it signalled.
using Way = int (*)(const std::string& argument);

struct Round {
    Finding finding = all_well;
    int calls = 0;
};

int catching_victim(const std::function<void()>& ready) {
    ::signal(SIGUSR1, [](int) {});
    return test::named("victim")(ready);
}

/// Names the victim in a file that is so much older than any process from now on that it cannot mean one of them.
void write_pidfile(const std::string& path, pid_t pid) {
    constexpr milliseconds two_ticks_each(40);
    std::ofstream(path) << pid << '\n';
    std::this_thread::sleep_for(two_ticks_each);
}

Round play_round(Way kill, const std::string& argument, int calls_until_reuse) {
    play.victim.reset();
    play.stranger.reset();
    play.calls = 0;
    play.victim.emplace(catching_victim);
    const pid_t pid = play.victim->pid();
    if (const auto colon = argument.find(':'); argument.starts_with("pidfile:")) {
        write_pidfile(argument.substr(colon + 1), pid);
    }
    play.calls_until_reuse = calls_until_reuse;
    int signalled = 0;
    {
        test::ScopedCalls calls;
        install(calls.table);
        signalled = kill(argument);
    }
    const int calls = play.calls;
    if (play.cannot_steer) {
        return {cannot_steer_pids, calls};
    }
    if (!play.stranger) {
        return {signalled == 1 ? all_well : victim_missed, calls};
    }
    if (play.stranger->pid() != pid) {
        return {not_reused, calls};
    }
    return {play.stranger->answers() ? all_well : stranger_hurt, calls};
}

/// As PID 1 of a new namespace: reuse at each call in turn, in so many rounds, or once at each; where the rounds are
/// fewer than the calls, at calls all along the way.
Finding play_all(Way kill, const std::vector<std::string>& arguments, int rounds) {
    std::vector<int> lengths;
    for (const std::string& argument : arguments) {
        const Round whole = play_round(kill, argument, -1);
        if (whole.finding != all_well) {
            ADD_FAILURE() << argument;
            return whole.finding;
        }
        lengths.push_back(whole.calls);
    }
    if (rounds == once_at_each_call) {
        rounds = *std::ranges::max_element(lengths) * static_cast<int>(arguments.size());
    }
    int reuses = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::size_t which = static_cast<std::size_t>(round) % arguments.size();
        const int turn = round / static_cast<int>(arguments.size());
        const int turns = rounds / static_cast<int>(arguments.size());
        const int at = turns < lengths[which] ? turn * lengths[which] / turns : turn % lengths[which];
        if (const Round played = play_round(kill, arguments[which], at); played.finding != all_well) {
            ADD_FAILURE() << arguments[which] << " at call " << at << " of " << lengths[which];
            return played.finding;
        }
        reuses += play.stranger ? 1 : 0;
    }
    return reuses > rounds * 9 / 10 ? all_well : seldom_reused;
}

/// Its own PID namespace, and the /proc that shows it.
Finding play_in_new_namespace(Way kill, const std::vector<std::string>& arguments, int rounds = many_rounds()) {
    return static_cast<Finding>(test::run_as_init(
        [&] {
            // a thousand rounds are too many where all PIDs have to be used up for each
            return test::prepare_to_steer() ? play_all(kill, arguments, rounds) : cannot_steer_pids;
        },
        cannot_unshare));
}

void expect_all_well(Finding finding) {
    if (finding == cannot_unshare) {
        GTEST_SKIP() << "a new PID namespace with its /proc needs CAP_SYS_ADMIN";
    }
    if (finding == cannot_steer_pids) {
        GTEST_SKIP() << "this kernel has neither ns_last_pid nor few PIDs";
    }
    EXPECT_EQ(finding, all_well);
}

TEST(SelectReuse, NeverHitsTheStrangerWhateverCallItComesBefore) {
    expect_all_well(play_in_new_namespace(
        select_and_kill, {"name:victim", "cmd:.,name:victim", "child-of:1,name:victim", "tree:1,name:victim",
                          "user:0,name:victim,handles:USR1", "name:victim,newer:1h"}));
}

TEST(SelectReuse, NeverHitsTheStrangerInASweep) {
    expect_all_well(play_in_new_namespace(sweep_and_kill, {"name:victim", "user:0,name:victim,handles:USR1",
                                                           "name:victim,newer:1h", "name:victim,ns:1"}));
}

TEST(SelectReuse, NeverHitsTheStrangerWhileItClimbsALadder) {
    expect_all_well(play_in_new_namespace(stop_those, {"name:victim", "child-of:1,name:victim"}));
}

TEST(SelectReuse, NeverHitsTheStrangerWhileAllOfATreeAreHeldStill) {
    expect_all_well(
        play_in_new_namespace(stop_with_newcomers, {"tree:1,name:victim", "name:victim"}, test::rounds(1000, 100)));
}

TEST(SelectReuse, NeverHitsTheStrangerThatHasThePidOfAPidfile) {
    char directory[] = "/tmp/sig2pid-reuse-XXXXXX";
    ASSERT_NE(::mkdtemp(directory), nullptr);
    const std::string path = std::string(directory) + "/pid";
    const std::vector<std::string> arguments = {"pidfile:" + path};
    const Finding killing = play_in_new_namespace(select_and_kill, arguments, once_at_each_call);
    const Finding stopping = play_in_new_namespace(stop_those, arguments, once_at_each_call);
    ::unlink(path.c_str());
    ::rmdir(directory);
    expect_all_well(killing);
    expect_all_well(stopping);
}

} // namespace
} // namespace sig2pid
