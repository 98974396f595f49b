// SPDX-License-Identifier: BSD-2-Clause
// Processes that take each other's place: each forks and exits, so that there is one at any moment, and never for long
// the same. Who looks at a list of processes finds the one of a moment ago.
#include "helpers/control_group.hpp"
#include "helpers/fork_bomb.hpp"
#include "helpers/rounds.hpp"
#include "helpers/scoped_calls.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"
#include "lib/proc_connector.hpp"

#include <sig2pid/escalation.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/whole.hpp>

#include <cerrno>
#include <csignal>
#include <deque>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// Forks and exits, every five milliseconds, for longer than any test takes.
[[noreturn]] void hand_on() {
    for (int turn = 0; turn < 10'000; ++turn) {
        ::usleep(5'000);
        if (::fork() != 0) {
            ::_exit(0);
        }
    }
    ::_exit(0);
}

enum class Session { own, of_the_test };

/// A process that sleeps, and below it one that is another all the time.
Child::Body relay(Session session) {
    return [session](const std::function<void()>& ready) {
        if (session == Session::own) {
            ::setsid();
        }
        ::signal(SIGCHLD, SIG_IGN); // NOLINT(performance-no-int-to-ptr): a macro of libc
        if (::fork() == 0) {
            ready();
            hand_on();
        }
        ::usleep(20'000);
        return pause_at_defaults(ready);
    };
}

/// Likewise, from SIGUSR1 on.
int begin_when_told(const std::function<void()>& ready) {
    sigset_t told;
    ::sigemptyset(&told);
    ::sigaddset(&told, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &told, nullptr);
    ::signal(SIGCHLD, SIG_IGN); // NOLINT(performance-no-int-to-ptr): a macro of libc
    ready();
    int signal = 0;
    ::sigwait(&told, &signal);
    if (::fork() == 0) {
        hand_on();
    }
    return pause_at_defaults([] {});
}

/// Whether a ladder of SIGKILL alone says that it has ended all.
bool kill_all(ProcessSet& set) {
    EscalationOptions options;
    options.newcomers = Newcomers::matching;
    const auto report = Escalation::make({{Signal(SIGKILL), {}}}).value().run(set, options);
    EXPECT_TRUE(report) << report.error().message();
    return report && report->end == EscalationEnd::all_ended;
}

bool kill_all_of(const std::string& target) {
    ProcessSet set = select_by({target}).value();
    return kill_all(set);
}

TEST(ProcessEvents, AreHeardWhereTheSocketForThemIs) {
    struct stat pids{}, users{};
    ASSERT_EQ(::stat("/proc/self/ns/pid", &pids), 0);
    ASSERT_EQ(::stat("/proc/self/ns/user", &users), 0);
    const UniqueFd socket(sys::kernel_calls().netlink_open(NETLINK_CONNECTOR, 1));
    // the numbers of the first namespaces, PROC_PID_INIT_INO and PROC_USER_INIT_INO of the kernel
    if (!socket || pids.st_ino != 0xEFFFFFFC || users.st_ino != 0xEFFFFFFD) {
        GTEST_SKIP() << "this kernel does not tell of births to us";
    }
    EXPECT_TRUE(ProcConnector::listen());
}

/// So many that /proc takes longer to read than a turn.
class Turnover : public testing::Test {
protected:
    void SetUp() override {
        for (int i = 0; i < 300; ++i) {
            crowd_.emplace_back(pause_at_defaults);
        }
    }

    static void expect_that_none_escapes() {
        for (int round = 0; round < rounds(10, 3); ++round) {
            Fuse fuse;
            const Child leader(relay(Session::own));
            EXPECT_TRUE(kill_all_of("tree:" + std::to_string(leader.pid())));
            ASSERT_TRUE(fuse.is_out()) << "of round " << round;
        }
    }

private:
    std::deque<Child> crowd_;
};

TEST_F(Turnover, InASessionOfItsOwnEndsWithTheLeader) {
    expect_that_none_escapes();
}

TEST_F(Turnover, EndsAlsoWhereTheKernelTellsOnlyTheLastPid) {
    ScopedCalls calls;
    calls.table.netlink_open = [](int, std::uint32_t) { return -EPROTONOSUPPORT; };
    expect_that_none_escapes();
}

TEST_F(Turnover, EndsAlsoWhereEventsAreLost) {
    ScopedCalls calls;
    calls.table.netlink_open = [](int protocol, std::uint32_t group) {
        const int fd = sys::kernel_calls().netlink_open(protocol, group);
        const int bytes = 1;
        return fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0 ? fd : -errno;
    };
    expect_that_none_escapes();
}

/// A stranger who has children without pause, each of which exits at once.
int breed(const std::function<void()>& ready) {
    ready();
    for (;;) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
    }
}

TEST_F(Turnover, EndsThoughStrangersAreBornAllTheTime) {
    const Child first(breed);
    const Child second(breed);
    expect_that_none_escapes();
}

TEST_F(Turnover, OfStrangersKeepsNobodyFromBeingFound) {
    const Child first(breed);
    const Child second(breed);
    const Child wanted(named(own_name("wanted")));
    for (const std::string& target : {"child-of:" + std::to_string(::getpid()) + ",name:" + own_name("wanted"),
                                      "tree:" + std::to_string(wanted.pid())}) {
        EXPECT_EQ(pids_by(target), std::vector<pid_t>{wanted.pid()}) << target;
    }
}

TEST_F(Turnover, InASessionOfItsOwnIsSelectedAndKilledAsAWhole) {
    for (int round = 0; round < rounds(10, 3); ++round) {
        Fuse fuse;
        const Child leader(relay(Session::own));
        ProcessSet set = select_by({"tree:" + std::to_string(leader.pid())}).value();
        const ActOptions options{Newcomers::matching, Trees::stopped, {}};
        ASSERT_TRUE(act_on_all(set, options, [](std::size_t, const Process* process, const Result<>&) {
            const Result<> sent = process == nullptr ? Result<>() : send(*process, Signal(SIGKILL));
            EXPECT_TRUE(sent || sent.error().reason == Reason::gone);
        }));
        ASSERT_TRUE(fuse.is_out()) << "of round " << round;
    }
}

TEST_F(Turnover, InTheSessionOfOthersEndsIfItBeganWhileTheTreeWasKnown) {
    if (!ProcConnector::listen()) {
        GTEST_SKIP() << "this kernel does not tell of births to us";
    }
    for (int round = 0; round < rounds(10, 3); ++round) {
        Fuse fuse;
        const Child leader(begin_when_told);
        ProcessSet set = select_by({"tree:" + std::to_string(leader.pid())}).value();
        ASSERT_TRUE(send(leader.process(), Signal(SIGUSR1)));
        ::usleep(50'000);
        EXPECT_TRUE(kill_all(set));
        ASSERT_TRUE(fuse.is_out()) << "of round " << round;
    }
}

/// Forks at SIGTERM and exits, in the session of the test: what it leaves behind has lost its parent before anybody can
/// see it, and shows by nothing whose it was.
int leave_one_behind(const std::function<void()>& ready) {
    ::signal(SIGTERM, [](int) {
        ::signal(SIGTERM, SIG_DFL);
        if (::fork() != 0) {
            ::_exit(0);
        }
    });
    return pause_at_defaults(ready);
}

TEST(EscalationTree, EndsWhatAHandlerLeavesBehindInTheSessionOfOthers) {
    if (!ProcConnector::listen()) {
        GTEST_SKIP() << "this kernel does not tell of births to us";
    }
    for (int round = 0; round < rounds(20, 5); ++round) {
        Stranger leader(leave_one_behind);
        leader.let_parent_reap();
        ProcessSet set = select_by({"tree:" + std::to_string(leader.process().pid())}).value();
        EscalationOptions options;
        options.newcomers = Newcomers::matching;
        const EscalationReport report = Escalation().run(set, options).value();
        EXPECT_EQ(report.end, EscalationEnd::all_ended);
        ASSERT_EQ(report.endings.size(), 2U) << "of round " << round;
        EXPECT_EQ(report.endings[1].ended_by, Signal(SIGTERM));
    }
}

TEST_F(Turnover, InAControlGroupThatMayNotBeFrozenEndsWithIt) {
    const ControlGroup group;
    if (group.path().empty()) {
        GTEST_SKIP() << "needs a control group of version 2 that may be written to";
    }
    for (int round = 0; round < rounds(10, 3); ++round) {
        Fuse fuse;
        const Child member([&group](const std::function<void()>& ready) {
            group.enter();
            return ::setresuid(65'534, 65'534, 65'534) == 0 ? relay(Session::of_the_test)(ready) : 97;
        });
        EXPECT_EQ(run_as_nobody([&group] { return kill_all_of("cgroup:" + group.path()) ? 0 : 1; }), 0);
        ASSERT_TRUE(fuse.is_out()) << "of round " << round;
    }
}

} // namespace
} // namespace sig2pid::test
