// SPDX-License-Identifier: BSD-2-Clause
// Descendants that have lost their parents: of the tree as long as they are in the session of a member, and no one
// else.
#include "helpers/confined.hpp"
#include "helpers/fork_bomb.hpp"
#include "helpers/pid_space.hpp"
#include "helpers/rounds.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/escalation.hpp>
#include <sig2pid/send.hpp>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

/// Forks a child that sleeps, through one in between that exits: the PID of the orphan.
pid_t fork_orphan(const std::function<void()>& ready) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t between = ::fork();
    if (between == 0) {
        const pid_t orphan = ::fork();
        if (orphan == 0) {
            writer = UniqueFd();
            ready(); // closes this process's copy of what the test waits on
            for (;;) {
                ::pause();
            }
        }
        ready();
        ::_exit(::write(writer.get(), &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    pid_t orphan = -1;
    EXPECT_EQ(::read(reader.get(), &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
    ::waitpid(between, nullptr, 0);
    return orphan;
}

/// A body that reports the PID of an orphan that it has made, and sleeps.
Child::Body make_orphan(int report, bool as_session_leader) {
    return [=](const std::function<void()>& ready) {
        as_session_leader ? static_cast<void>(::setsid()) : static_cast<void>(::setpgid(0, 0));
        const pid_t orphan = fork_orphan(ready);
        if (::write(report, &orphan, sizeof orphan) != sizeof orphan) {
            return 1;
        }
        return pause_at_defaults(ready);
    };
}

struct Report {
    UniqueFd reader;
    UniqueFd writer;

    Report() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reader = UniqueFd(ends[0]);
        writer = UniqueFd(ends[1]);
    }

    [[nodiscard]] pid_t read() const {
        pid_t pid = -1;
        EXPECT_EQ(::read(reader.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
        return pid;
    }
};

TEST(SelectTree, HasTheOrphansInTheSessionOfAMember) {
    const Report report;
    const Child leader(make_orphan(report.writer.get(), true));
    const Process orphan = Process::open(report.read()).value();
    std::vector<pid_t> both = {leader.pid(), orphan.pid()};
    std::ranges::sort(both);
    EXPECT_EQ(pids_by("tree:" + std::to_string(leader.pid())), both);
    ASSERT_TRUE(send(orphan, Signal(SIGKILL)));
}

TEST(SelectTree, HasNoOrphansOfAProcessGroupInTheSessionOfAnother) {
    const Report report;
    const Child leader(make_orphan(report.writer.get(), false)); // of the group, which others may join
    const Process orphan = Process::open(report.read()).value();
    EXPECT_EQ(pids_by("tree:" + std::to_string(leader.pid())), std::vector<pid_t>{leader.pid()});
    ASSERT_TRUE(send(orphan, Signal(SIGKILL)));
}

/// Forks at SIGTERM and exits: the child has lost its parent before anybody can see it, and ignores what comes.
int fork_at_term(const std::function<void()>& ready) {
    ::setsid();
    ::signal(SIGTERM, [](int) {
        ::signal(SIGTERM, SIG_DFL);
        if (::fork() != 0) {
            ::_exit(0);
        }
    });
    return pause_at_defaults(ready);
}

TEST(EscalationTree, EndsWhatAHandlerForksBeforeItsProcessExits) {
    if (!kernel_is_at_least(6, 9)) {
        GTEST_SKIP() << "whose group it is that outlives a reaped leader can be asked from Linux 6.9 on";
    }
    for (int round = 0; round < 20; ++round) {
        Stranger leader(fork_at_term);
        leader.let_parent_reap(); // as a shell would
        ProcessSet set = select_by({"tree:" + std::to_string(leader.process().pid())}).value();
        EscalationOptions options;
        options.newcomers = Newcomers::matching;
        const EscalationReport report = Escalation().run(set, options).value();
        EXPECT_EQ(report.end, EscalationEnd::all_ended);
        ASSERT_EQ(report.endings.size(), 2U) << "of round " << round;
        EXPECT_EQ(report.endings[1].ended_by, Signal(SIGTERM));
    }
}

/// As PID 1: the leader of a session is reaped, its PID goes to a stranger, who leads a session too.
Finding reuse_leader() {
    const Report report;
    std::optional<Child> leader(std::in_place, make_orphan(report.writer.get(), true));
    const pid_t pid = leader->pid();
    const Process orphan = Process::open(report.read()).value();
    ProcessSet set = select_by({"tree:" + std::to_string(pid)}, {}).value();
    if (set.size() != 2) {
        return orphan_missed;
    }
    for (const Process& process : {std::cref(orphan), std::cref(leader->process())}) {
        [[maybe_unused]] const Result<> sent = send(process, Signal(SIGKILL));
    }
    ::waitpid(orphan.pid(), nullptr, 0);
    leader->wait();
    if (!steer_next_pid(pid)) {
        return cannot_steer_pids;
    }
    const Report second;
    const Child stranger(make_orphan(second.writer.get(), true));
    if (stranger.pid() != pid) {
        return not_reused;
    }
    return select_more({}, set).value() == 0 ? all_well : stranger_taken;
}

TEST(SelectTree, TakesNoSessionWhoseLeaderHasThePidOfAMemberThatIsGone) {
    const int finding = run_as_init(
        [] {
            prepare_to_steer();
            return reuse_leader();
        },
        cannot_unshare);
    if (finding == cannot_unshare) {
        GTEST_SKIP() << "a new PID namespace with its /proc needs CAP_SYS_ADMIN";
    }
    if (finding == cannot_steer_pids) {
        GTEST_SKIP() << "this kernel has neither ns_last_pid nor few PIDs";
    }
    EXPECT_EQ(finding, all_well);
}

class EscalationCgroup : public testing::Test {
protected:
    void SetUp() override {
        if (group_.path().empty()) {
            GTEST_SKIP() << "needs a control group of version 2 that may be written to";
        }
    }

    EscalationReport stop(std::vector<EscalationStep> steps) {
        ProcessSet set = select_by({"cgroup:" + group_.path()}).value();
        EscalationOptions options;
        options.newcomers = Newcomers::matching;
        options.observer = [this](const EscalationProgress&) { EXPECT_FALSE(group_.is_frozen()); };
        return Escalation::make(std::move(steps)).value().run(set, options).value();
    }

    ControlGroup group_;
};

TEST_F(EscalationCgroup, LetsNoForkInFlightEscape) {
    for (int round = 0; round < rounds(10, 3); ++round) {
        Fuse fuse;
        const Child bomb(fork_bomb_in(group_));
        EXPECT_EQ(stop({{Signal(SIGKILL), {}}}).end, EscalationEnd::all_ended);
        EXPECT_TRUE(fuse.is_out()) << "somebody escaped in round " << round;
    }
}

TEST_F(EscalationCgroup, EndsWhatAHandlerForksBeforeItsProcessExits) {
    Fuse fuse;
    const Child child([this](const auto& ready) {
        group_.enter();
        return fork_at_term(ready);
    });
    const EscalationReport report = stop({{Signal(SIGTERM), {}}});
    EXPECT_EQ(report.end, EscalationEnd::all_ended);
    EXPECT_EQ(report.endings.size(), 2U);
    EXPECT_TRUE(fuse.is_out());
}

TEST_F(EscalationCgroup, IsFrozenAndNotStoppedSoThatNobodySeesSigcont) {
    const Child child([this](const auto& ready) {
        group_.enter();
        ::signal(SIGCONT, [](int) { ::_exit(9); });
        ::signal(SIGTERM, [](int) { ::_exit(5); });
        return pause_at_defaults(ready);
    });
    const EscalationReport report = stop({{Signal(SIGTERM), {}}});
    EXPECT_EQ(report.endings.at(0).status.code, 5);
}

} // namespace
} // namespace sig2pid::test
