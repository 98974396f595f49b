// SPDX-License-Identifier: BSD-2-Clause
// Between the question and the answer time passes: what was agreed to is signalled, if it is that still, and nobody
// else.
#include "cli/cli.hpp"

#include "helpers/confined.hpp"
#include "helpers/pid_space.hpp"
#include "helpers/selected.hpp"
#include "helpers/terminal.hpp"

#include <sig2pid/send.hpp>

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

class Confirm : public testing::TestWithParam<std::string> {
protected:
    void TearDown() override {
        if (HasFailure()) {
            std::fprintf(stderr, "%s\n", said_.c_str());
        }
    }

    /// The exit status of the command, when `between` happens before the answer is yes.
    int run_and_agree(const std::string& target, const std::function<void()>& between) {
        Terminal terminal(sig2pid({GetParam(), "--confirm", "--json", target}));
        EXPECT_TRUE(terminal.shows("[y/N] "));
        between();
        terminal.type("y\n");
        const int status = terminal.finish();
        said_ = terminal.text();
        return status;
    }

    std::string said_;
};

INSTANTIATE_TEST_SUITE_P(Commands, Confirm, testing::Values("send", "stop"),
                         [](const auto& each) { return each.param; });

TEST_P(Confirm, SignalsWhatWasShown) {
    Child child(named(own_name("agreed")));
    ASSERT_EQ(run_and_agree("name:" + own_name("agreed"), [] {}), 0);
    EXPECT_EQ(child.wait(), 128 + SIGTERM);
}

TEST_P(Confirm, TakesNothingElseForYes) {
    const Child child(named(own_name("refused")));
    Terminal terminal(sig2pid({GetParam(), "--confirm", "name:" + own_name("refused")}));
    ASSERT_TRUE(terminal.shows("[y/N] "));
    terminal.type("\n");
    EXPECT_EQ(terminal.finish(), 1);
    EXPECT_TRUE(contains(terminal.text(), "nothing was done")) << terminal.text();
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST_P(Confirm, SaysWhoHasDiedMeanwhile) {
    Child child(named(own_name("dies")));
    const int status = run_and_agree("name:" + own_name("dies"), [&] {
        ASSERT_TRUE(send(child.process(), Signal(SIGKILL)));
        child.wait();
    });
    EXPECT_EQ(status, GetParam() == "send" ? 1 : 0); // for stop that is what was wanted
    EXPECT_TRUE(contains(said_, GetParam() == "send" ? R"("verdict":"gone")" : R"("sent":null)")) << said_;
}

/// Something that a process does when it is told, with everybody told when it is done.
class Change {
public:
    Change() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reader_ = UniqueFd(ends[0]);
        writer_ = UniqueFd(ends[1]);
    }

    /// A body that takes the name, and at SIGUSR1 calls `act`, closes the pipe, and sleeps.
    Child::Body body(const std::string& name, const std::function<void()>& act) {
        return [=, this](const std::function<void()>& ready) {
            sigset_t one;
            sigemptyset(&one);
            sigaddset(&one, SIGUSR1);
            ::sigprocmask(SIG_BLOCK, &one, nullptr);
            ::prctl(PR_SET_NAME, name.c_str());
            ready();
            int taken = 0;
            ::sigwait(&one, &taken);
            act();
            writer_ = UniqueFd();
            return pause_at_defaults(ready);
        };
    }

    /// Tells the process, and returns when it has done it.
    void tell(const Process& process) {
        writer_ = UniqueFd();
        EXPECT_TRUE(send(process, Signal(SIGUSR1)));
        char byte = 0;
        EXPECT_EQ(::read(reader_.get(), &byte, 1), 0);
    }

private:
    UniqueFd reader_;
    UniqueFd writer_;
};

TEST_P(Confirm, LeavesAloneWhoHasBecomeAnotherProgramMeanwhile) {
    Change change;
    const Child child(change.body(own_name("exec"), [] { ::execlp("sleep", "sleep", "1000", nullptr); }));
    const int status = run_and_agree("name:" + own_name("exec"), [&] { change.tell(child.process()); });
    EXPECT_EQ(status, GetParam() == "send" ? 1 : 3);
    EXPECT_TRUE(contains(said_, "no longer: it was left alone")) << said_;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST_P(Confirm, LeavesAloneWhoHasChangedItsOwnerMeanwhile) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    Change change;
    const Child child(change.body(own_name("user"), [] { EXPECT_EQ(::setresuid(65534, 65534, 65534), 0); }));
    const int status = run_and_agree("name:" + own_name("user") + ",user:0", [&] { change.tell(child.process()); });
    EXPECT_EQ(status, GetParam() == "send" ? 1 : 3);
    EXPECT_TRUE(contains(said_, "user:0 no longer: it was left alone")) << said_;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

enum Finding { all_well, cannot_unshare, cannot_steer_pids, not_reused, not_asked, stranger_hit, wrong_verdict };

/// As PID 1: the victim dies before the answer, and a stranger of the same name has its PID.
Finding agree_to_a_reused_pid(const std::string& command) {
    std::optional<Child> victim(std::in_place, named("victim"));
    const pid_t pid = victim->pid();
    Terminal terminal(sig2pid({command, "--confirm", "--json", "name:victim"}));
    if (!terminal.shows("[y/N] ")) {
        return not_asked;
    }
    [[maybe_unused]] const Result<> killed = send(victim->process(), Signal(SIGKILL));
    victim->wait();
    if (!steer_next_pid(pid)) {
        return cannot_steer_pids;
    }
    const Child stranger(named("victim"));
    if (stranger.pid() != pid) {
        return not_reused;
    }
    terminal.type("y\n");
    const int status = terminal.finish();
    if (stranger.process().state() != ProcessState::alive) {
        return stranger_hit;
    }
    const bool said = command == "send" ? status == 1 && terminal.text().contains(R"("verdict":"gone")")
                                        : status == 0 && terminal.text().contains(R"("sent":null)");
    return said ? all_well : wrong_verdict;
}

TEST_P(Confirm, NeverHitsTheStrangerWhoHasThePidMeanwhile) {
    const int finding = run_as_init(
        [] {
            prepare_to_steer();
            return agree_to_a_reused_pid(GetParam());
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

} // namespace
} // namespace sig2pid::test
