// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include "helpers/confined.hpp"
#include "helpers/frozen.hpp"
#include "helpers/stranger.hpp"
#include "helpers/terminal.hpp"

#include <sig2pid/send.hpp>

#include <csignal>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

std::string pid_of(const Child& child) {
    return std::to_string(child.pid());
}

/// Each line by its pid.
Json line_of(const Outcome& outcome, pid_t pid) {
    for (const Json& line : json_lines(outcome.out)) {
        if (line["pid"] == pid) {
            return line;
        }
    }
    return {};
}

TEST(StopCommand, EndsAProcessAndSaysBySignalAndTime) {
    const Child child(pause_at_defaults);
    const Outcome outcome = run_sig2pid({"stop", pid_of(child)});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(outcome.out.starts_with("PID ")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, "SIGTERM")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, "killed by SIGTERM")) << outcome.out;
}

TEST(StopCommand, ClimbsItsLadderForThoseThatNeedIt) {
    const Child soft(pause_at_defaults);
    const Child hard(ignore_term_and_pause);
    const Outcome outcome =
        run_sig2pid({"stop", "--json", "--step", "KILL@50ms", "--step", "TERM@0s", pid_of(soft), pid_of(hard)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(line_of(outcome, soft.pid())["by"], "SIGTERM");
    const Json line = line_of(outcome, hard.pid());
    EXPECT_EQ(line["by"], "SIGKILL");
    EXPECT_EQ(line["signal"], "SIGKILL");
    EXPECT_EQ(line["ended"], true);
    EXPECT_EQ(line["core"], false);
    EXPECT_GE(line["after_ns"].number(), 50'000'000);
    EXPECT_TRUE(line["survival"].is_null());
}

TEST(StopCommand, ChangesNothingWhenAnArgumentIsBad) {
    const Child child(pause_at_defaults);
    const std::vector<Arguments> mistakes = {{"--step", "TERM"},
                                             {"--step", "NONE@1s"},
                                             {"--timeout", "soon"},
                                             {"--timeout", "1s", "--step", "TERM@0s", "--step", "KILL@2s"},
                                             {"0"},
                                             {"-1"},
                                             {"no such thing"}};
    for (Arguments arguments : mistakes) {
        arguments.insert(arguments.begin(), "stop");
        arguments.push_back(pid_of(child));
        const Outcome outcome = run_sig2pid(arguments);
        EXPECT_EQ(outcome.status, 2) << arguments[1];
        EXPECT_FALSE(outcome.err.empty());
    }
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(StopCommand, SaysWhenNoTargetIsThere) {
    Child child(pause_at_defaults);
    const std::string token = child.process().token().to_string();
    ASSERT_TRUE(send(child.process(), Signal(SIGKILL)));
    child.wait();
    EXPECT_EQ(run_sig2pid({"stop", token}).status, 1);
}

TEST(StopCommand, StopsTheRestWhenOneIsGone) {
    Child gone(pause_at_defaults);
    const std::string token = gone.process().token().to_string();
    ASSERT_TRUE(send(gone.process(), Signal(SIGKILL)));
    gone.wait();
    const Child child(pause_at_defaults);
    const Outcome outcome = run_sig2pid({"stop", "--json", token, pid_of(child)});
    EXPECT_EQ(outcome.status, 64);
    EXPECT_EQ(json_lines(outcome.out).at(0)["target"], token);
    EXPECT_TRUE(json_lines(outcome.out).at(0)["pid"].is_null());
    EXPECT_EQ(line_of(outcome, child.pid())["by"], "SIGTERM");
}

TEST(StopCommand, TimesOutAndNamesTheSurvivor) {
    const Child child(ignore_term_and_pause);
    const Outcome outcome = run_sig2pid({"stop", "--json", "--timeout", "50ms", pid_of(child)});
    EXPECT_EQ(outcome.status, 124);
    EXPECT_EQ(line_of(outcome, child.pid())["survival"], "unmoved");
    EXPECT_TRUE(contains(outcome.err, "SIGKILL@10s lies beyond the timeout")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "1 of 1 live on; SIGTERM was sent to 1")) << outcome.err;
}

/// The first signal has gone when it waits for the exit: epoll_wait(2) with the ladder's next step to come.
void await_first_step(const Command& stop) {
    const std::string waiting = std::to_string(SYS_epoll_wait) + " ";
    while (!run({"cat", "/proc/" + std::to_string(stop.pid()) + "/syscall"}).out.starts_with(waiting)) {
    }
}

TEST(StopCommand, TellsWhatWasSentWhenItIsInterrupted) {
    const Child child(ignore_term_and_pause);
    Command stop(sig2pid({"stop", pid_of(child)}));
    const Process process = Process::open(stop.pid()).value();
    await_first_step(stop);
    ASSERT_TRUE(send(process, Signal(SIGINT)));
    const Outcome outcome = stop.finish();
    EXPECT_EQ(outcome.status, 3);
    EXPECT_TRUE(contains(outcome.err, "interrupted, nothing more is sent: 1 of 1 live on; SIGTERM was sent to 1"))
        << outcome.err;
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(StopCommand, ClimbsOnAfterSignalsThatItWasStartedToIgnore) {
    const Child child(ignore_term_and_pause);
    Command stop(ignoring("INT HUP", sig2pid({"stop", "--step", "TERM@0s", "--step", "KILL@1s", pid_of(child)})));
    const Process process = Process::open(stop.pid()).value();
    await_first_step(stop);
    ASSERT_TRUE(send(process, Signal(SIGHUP)));
    ASSERT_TRUE(send(process, Signal(SIGINT)));
    EXPECT_EQ(stop.finish().status, 0);
    EXPECT_NE(child.process().state(), ProcessState::alive);
}

/// Starts a child in place of each that ends.
int respawn(const std::function<void()>& ready) {
    ready();
    for (;;) {
        Child worker(pause_at_defaults);
        worker.wait();
    }
}

TEST(StopCommand, EndsChildrenOnceThoughTheirParentStartsOthers) {
    const Child parent(respawn);
    while (run_sig2pid({"find", "child-of:" + pid_of(parent)}).status != 0) {
    }
    const Outcome outcome = run_sig2pid({"stop", "--json", "child-of:" + pid_of(parent)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 1U);
    EXPECT_EQ(run_sig2pid({"stop", "--tree", pid_of(parent)}).status, 0);
}

TEST(StopCommand, ShowsOnATerminalHowFarItIsAndEndsAtCtrlC) {
    const Child child(ignore_term_and_pause);
    Terminal terminal(sig2pid({"stop", pid_of(child)}));
    EXPECT_TRUE(terminal.shows("0 of 1 gone, SIGTERM sent; SIGKILL at 10.0s")) << terminal.text();
    terminal.type("\x03");
    EXPECT_EQ(terminal.finish(), 3);
    EXPECT_TRUE(contains(terminal.text(), "interrupted, nothing more is sent")) << terminal.text();
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(StopCommand, NamesTheReasonWhenItMayNotSignal) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const Child child(pause_at_defaults);
    const Outcome outcome =
        run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SIG2PID, "stop", "--json", pid_of(child)});
    EXPECT_EQ(outcome.status, 3) << outcome.err;
    const Json line = line_of(outcome, child.pid());
    EXPECT_EQ(line["survival"], "refused");
    EXPECT_TRUE(contains(line["error"].text(), "not permitted")) << line;
    EXPECT_TRUE(line["sent"].is_null());
}

TEST(StopCommand, NamesTheUninterruptible) {
    if (const std::string reason = FrozenCgroup::missing(); !reason.empty()) {
        GTEST_SKIP() << reason;
    }
    const Child child(pause_at_defaults);
    const FrozenCgroup frozen(child.pid());
    const Outcome outcome = run_sig2pid({"stop", "--json", "--timeout", "50ms", "--step", "KILL@0s", pid_of(child)});
    EXPECT_EQ(outcome.status, 124);
    EXPECT_EQ(line_of(outcome, child.pid())["survival"], "uninterruptible");
}

TEST(StopCommand, TakesASelector) {
    const Child child([](const auto& ready) {
        ::prctl(PR_SET_NAME, "sig2pid-test-s");
        return pause_at_defaults(ready);
    });
    const Outcome outcome = run_sig2pid({"stop", "--json", "name:sig2pid-test-s"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(line_of(outcome, child.pid())["name"], "sig2pid-test-s");
}

TEST(StopCommand, RefusesToStopItself) {
    const Outcome outcome = run({"sh", "-c", "exec \"$0\" stop $$", SIG2PID});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(contains(outcome.err, "is this very command")) << outcome.err;
}

TEST(StopCommand, WarnsOfAnAncestorAndDoesIt) {
    const Outcome outcome = run({"sh", "-c", "\"$0\" stop $$; true", SIG2PID});
    EXPECT_EQ(outcome.status, 128 + SIGTERM);
    EXPECT_TRUE(contains(outcome.err, "is an ancestor of this command")) << outcome.err;
}

constexpr uid_t bomber = 54'321; ///< a user of nobody else: RLIMIT_NPROC bounds its processes alone
constexpr rlim_t most_processes = 40;

/// Forks wherever it can, and its children do the same, until the limit.
[[noreturn]] void bomb() {
    for (;;) {
        ::fork();
        ::sched_yield();
    }
}

std::size_t count_bombs() {
    const Outcome outcome = run_sig2pid({"send", "-s", "0", "--json", "user:54321"});
    return json_lines(outcome.out).size() - (outcome.status == 0 ? 0 : 1);
}

TEST(StopCommand, OfATreeLetsNoForkOfABombEscape) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const Child root([](const auto& ready) {
        const rlimit limit{most_processes, most_processes};
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
        if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || ::setresgid(bomber, bomber, bomber) != 0 ||
            ::setresuid(bomber, bomber, bomber) != 0) {
            return 1;
        }
        ready();
        bomb();
    });
    while (count_bombs() < most_processes / 2) {
    }
    const Outcome outcome = run_sig2pid({"stop", "--json", "--tree", "--step", "KILL@0s", pid_of(root)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(run_sig2pid({"stop", "--step", "KILL@0s", "user:54321"}).status, 1) << "a fork has escaped";
}

/// A process with so many children, of which each is there when it is ready.
Child::Body with_children(int count) {
    return [count](const std::function<void()>& ready) {
        ::signal(SIGCHLD, SIG_IGN); // reaped at once
        for (int i = 0; i < count; ++i) {
            if (::fork() == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                return pause_at_defaults(ready); // each lets go of the pipe that the test waits at
            }
        }
        return pause_at_defaults(ready);
    };
}

TEST(StopCommand, OfATreeShowsAndCountsAllThatItEnds) {
    const Child parent(with_children(3));
    const std::string pid = pid_of(parent);
    const Outcome shown = run_sig2pid({"stop", "--tree", "--dry-run", "--json", pid});
    EXPECT_EQ(shown.status, 0) << shown.err;
    EXPECT_EQ(json_lines(shown.out).size(), 4U);
    const Outcome refused = run_sig2pid({"stop", "--tree", "--max", "3", pid});
    EXPECT_EQ(refused.status, 2);
    EXPECT_TRUE(contains(refused.err, "4 processes match")) << refused.err;
    EXPECT_EQ(parent.process().state(), ProcessState::alive);
    const Outcome ended = run_sig2pid({"stop", "--tree", "--max", "4", "--json", pid});
    EXPECT_EQ(ended.status, 0) << ended.err;
    const std::vector<Json> lines = json_lines(ended.out);
    ASSERT_EQ(lines.size(), 4U);
    for (const Json& line : lines) {
        EXPECT_EQ(line["target"], pid) << line;
        EXPECT_FALSE(line["name"].text().empty()) << line;
    }
}

TEST(StopCommand, OfATreeMayBeTheNewestsAlone) {
    const Child first(with_children(1));
    const Child second(with_children(1));
    const Outcome outcome =
        run_sig2pid({"stop", "--tree", "--newest", "--json", pid_of(first), pid_of(second), "--timeout", "9s"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 2U);
    EXPECT_EQ(first.process().state(), ProcessState::alive);
}

TEST(StopCommand, OfATreeSaysWhatWasNotThere) {
    const Child parent(with_children(1));
    const Outcome outcome = run_sig2pid({"stop", "--tree", pid_of(parent), "4194303"});
    EXPECT_EQ(outcome.status, 64);
    EXPECT_EQ(outcome.err.find("4194303"), outcome.err.rfind("target '4194303'") + 8) << outcome.err;
}

TEST(StopCommand, ADryRunSaysWhatIsNotThere) {
    const Child child(pause_at_defaults);
    EXPECT_EQ(run_sig2pid({"stop", "--dry-run", pid_of(child), "4194303"}).status, 64);
}

TEST(StopCommand, DoesNotTakeTheCreditForAnExitByItself) {
    const Child child([](const std::function<void()>& ready) {
        ::signal(SIGTERM, SIG_IGN);
        ready();
        const timespec while_it_is_looked_at = {0, 300'000'000};
        ::nanosleep(&while_it_is_looked_at, nullptr);
        return 5;
    });
    const Outcome outcome = run_sig2pid({"stop", "--json", pid_of(child)});
    const Json line = line_of(outcome, child.pid());
    EXPECT_EQ(line["code"], 5);
    EXPECT_EQ(line["sent"], "SIGTERM");
    EXPECT_TRUE(line["by"].is_null()) << line;
}

TEST(StopCommand, OfATreeSaysWhomItLeavesAloneInAnotherPidNamespace) {
    const Child parent([](const std::function<void()>& ready) {
        if (::unshare(CLONE_NEWPID) != 0) {
            return 77;
        }
        if (::fork() == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            return pause_at_defaults(ready);
        }
        return pause_at_defaults(ready);
    });
    const Outcome outcome = run_sig2pid({"stop", "--tree", "--json", std::to_string(parent.pid())});
    if (outcome.status == 1) {
        GTEST_SKIP() << "a new PID namespace needs CAP_SYS_ADMIN";
    }
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 1U) << outcome.out;
    EXPECT_TRUE(contains(outcome.err, "1 of the tree in other PID namespaces")) << outcome.err;
}

TEST(StopCommand, OfATreeSaysThatItMayMissWhatAHandlerLeavesBehindWhereNobodyTellsOfBirths) {
    const int found = run_as_init(
        [] {
            const Child child([](const std::function<void()>& ready) {
                ::signal(SIGTERM, [](int) { ::_exit(0); });
                return pause_at_defaults(ready);
            });
            const Outcome outcome = run_sig2pid({"stop", "--tree", std::to_string(child.pid())});
            return outcome.status == 0 && contains(outcome.err, "1 of the processes ended by exit(2)") ? 0 : 1;
        },
        77);
    if (found == 77) {
        GTEST_SKIP() << "a new PID namespace with its /proc needs CAP_SYS_ADMIN";
    }
    EXPECT_EQ(found, 0);
}

} // namespace
} // namespace sig2pid::test
