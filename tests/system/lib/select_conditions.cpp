// SPDX-License-Identifier: BSD-2-Clause
// Each condition against real processes: one that has it, one that has not.
#include "helpers/command.hpp"
#include "helpers/confined.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <gtest/gtest.h>
#include <iterator>
#include <pty.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;
using test::own_name;
using test::pids_by;
using test::select_by;

using Pids = std::vector<pid_t>;

std::string words_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Starts a program that sleeps, under any argv.
class Program {
public:
    Program(const std::string& path, std::vector<std::string> argv) {
        argv_ = std::move(argv);
        child_.emplace([&](const auto&) {
            std::vector<char*> pointers;
            for (std::string& argument : argv_) {
                pointers.push_back(argument.data());
            }
            pointers.push_back(nullptr);
            ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
            ::execv(path.c_str(), pointers.data());
            return 1;
        });
        // execve(2) closes descriptors, which is what lets a Child go on, before it sets the name and the words
        const std::string own = words_of(::getpid());
        for (std::string words = own; words.empty() || words == own; words = words_of(pid())) {
        }
    }

    [[nodiscard]] pid_t pid() const { return child_->pid(); }

private:
    std::vector<std::string> argv_;
    std::optional<Child> child_;
};

TEST(SelectByName, TakesTheWholeNameOnly) {
    const Child child(test::named(own_name("x")));
    EXPECT_EQ(pids_by("name:" + own_name("x")), Pids{child.pid()});
    EXPECT_EQ(pids_by("name:" + own_name()), Pids{});
    EXPECT_EQ(pids_by("name:" + own_name("xy")), Pids{});
}

TEST(SelectByName, TellsNamesApartThatTheKernelCuts) {
    const std::string longer = "sleeping-beauty-" + std::to_string(::getpid());
    const std::string path = "/tmp/" + longer;
    ASSERT_EQ(::symlink("/bin/sleep", path.c_str()), 0);
    {
        const Program program(path, {path, "1000"});
        EXPECT_EQ(pids_by("name:" + longer), Pids{program.pid()});
        EXPECT_EQ(pids_by("name:" + longer + "x"), Pids{});
        EXPECT_EQ(pids_by("name:" + longer.substr(0, 15)), Pids{});
    }
    ::unlink(path.c_str());
}

/// A file in /tmp with a name that the kernel cuts, removed with this object.
class LongName {
public:
    explicit LongName(const std::string& suffix = "") : name_("a-long-winded-name-" + own_name(suffix)) {}
    ~LongName() { ::unlink(path().c_str()); }
    LongName(const LongName&) = delete;
    LongName& operator=(const LongName&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string path() const { return "/tmp/" + name_; }

private:
    std::string name_;
};

void expect_only_whole_name(const LongName& file, pid_t pid) {
    EXPECT_EQ(pids_by("name:" + file.name()), Pids{pid});
    EXPECT_EQ(pids_by("name:" + file.name() + "x"), Pids{});
    EXPECT_EQ(pids_by("name:" + file.name().substr(0, 15) + "," + std::to_string(pid)), Pids{});
}

TEST(SelectByName, SeesTheScriptBehindTheInterpretersOption) {
    const LongName file;
    std::ofstream(file.path()) << "#!/bin/sh -e\necho ready\nkill -STOP $$\n";
    ASSERT_EQ(::chmod(file.path().c_str(), 0755), 0);
    test::Command script({file.path(), "--option", "/x/" + file.name() + "y"});
    ASSERT_EQ(script.read_out_line(), "ready");
    expect_only_whole_name(file, script.pid());
    EXPECT_EQ(pids_by("name:" + file.name() + "y"), Pids{}) << "that is an argument of the script";
}

TEST(SelectByName, SeesThroughATitle) {
    const LongName file;
    ASSERT_EQ(std::system(("cp /bin/sleep " + file.path()).c_str()), 0);
    for (const char* title : {": worker 3 /a/b", " [accepting]", ":"}) {
        const Program program(file.path(), {file.name() + title, "1000"});
        expect_only_whole_name(file, program.pid());
    }
}

TEST(SelectByName, SeesTheFileWhereTheWordsSaySomethingElse) {
    const LongName file;
    ASSERT_EQ(std::system(("cp /bin/sleep " + file.path()).c_str()), 0);
    const Program program(file.path(), {"sleeper", "1000"});
    expect_only_whole_name(file, program.pid());
    ::unlink(file.path().c_str());
    expect_only_whole_name(file, program.pid());
}

TEST(SelectByCommand, SeesTheWholeLine) {
    const std::string end = own_name("the-end");
    const Program program(SIGNAL_TO_STATUS, {"waiter", "1000", std::string(100'000, '0') + end});
    EXPECT_EQ(pids_by("cmd:^waiter 1000 0+" + end + "$"), Pids{program.pid()});
    EXPECT_EQ(pids_by("cmd:^1000.*" + end), Pids{});
}

TEST(SelectByCommand, StopsAtAnExpressionThatExplodes) {
    const Program program(SIGNAL_TO_STATUS, {"waiter", std::string(200, 'a') + own_name()});
    const Result<ProcessSet> set = select_by({"cmd:(a+)+$"});
    EXPECT_EQ(set.error().code, ELOOP);
}

TEST(SelectByExecutable, MeansTheFile) {
    const Program program("/bin/sleep", {own_name(), "1000"});
    const Pids found = pids_by("exe:/bin/sleep,cmd:^" + own_name());
    EXPECT_EQ(found, Pids{program.pid()});
    EXPECT_EQ(pids_by("exe:/bin/sh,cmd:^" + own_name()), Pids{});
}

TEST(SelectByExecutable, FindsOneThatWasReplacedWhileItRuns) {
    const std::string path = "/tmp/" + own_name("replaced");
    ASSERT_EQ(std::system(("cp /bin/sleep " + path).c_str()), 0);
    const Program program(path, {path, "1000"});
    EXPECT_EQ(pids_by("exe:" + path), Pids{program.pid()});
    ASSERT_EQ(std::system(("cp /bin/sleep " + path + ".new && mv " + path + ".new " + path).c_str()), 0);
    EXPECT_EQ(pids_by("exe:" + path), Pids{program.pid()});
    ::unlink(path.c_str());
    EXPECT_EQ(pids_by("exe:" + path), Pids{program.pid()});
}

TEST(SelectByExecutable, IsNoFileThatIsOnlyCalledDeleted) {
    const std::string path = "/tmp/" + own_name("named");
    ASSERT_EQ(std::system(("cp /bin/sleep '" + path + " (deleted)'").c_str()), 0);
    const Program program(path + " (deleted)", {path, "1000"});
    EXPECT_EQ(pids_by("exe:" + path + " (deleted)"), Pids{program.pid()});
    EXPECT_EQ(pids_by("exe:" + path), Pids{});
    ::unlink((path + " (deleted)").c_str());
}

TEST(SelectByExecutable, FollowsADirectorysLinkToWhatWasReplaced) {
    const std::string directory = "/tmp/" + own_name("versions");
    const std::string link = "/tmp/" + own_name("current");
    ASSERT_EQ(std::system(("mkdir " + directory + " && cp /bin/sleep " + directory + "/prog").c_str()), 0);
    ASSERT_EQ(::symlink(directory.c_str(), link.c_str()), 0);
    {
        const Program program(link + "/prog", {"prog", "1000"});
        EXPECT_EQ(pids_by("exe:" + link + "/prog"), Pids{program.pid()});
        ::unlink((directory + "/prog").c_str());
        EXPECT_EQ(pids_by("exe:" + link + "/prog"), Pids{program.pid()});
        EXPECT_EQ(pids_by("exe:" + directory + "/prog"), Pids{program.pid()});
    }
    ::unlink(link.c_str());
    ::rmdir(directory.c_str());
}

/// Runs a file under mounts of its own, which has the path `directory`/prog there and is deleted then.
int run_elsewhere(const std::string& directory, const std::function<void()>& ready) {
    if (!test::cover(directory.c_str()) || std::system(("cp /bin/sleep " + directory + "/prog").c_str()) != 0) {
        return 1;
    }
    const Child inner([&](const auto&) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ready(); // closes this process's copy of what the test waits on
        ::execl((directory + "/prog").c_str(), "prog", "1000", nullptr);
        return 1;
    });
    ::unlink((directory + "/prog").c_str());
    return test::pause_at_defaults(ready);
}

TEST(SelectByExecutable, IsNoDeletedFileOfOtherMounts) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "mounts of its own need root";
    }
    const std::string directory = "/tmp/" + own_name("elsewhere");
    ASSERT_EQ(::mkdir(directory.c_str(), 0755), 0);
    {
        const Child outer([&](const auto& ready) { return run_elsewhere(directory, ready); });
        const std::string child = "child-of:" + std::to_string(outer.pid());
        ASSERT_EQ(pids_by(child).size(), 1U);
        EXPECT_EQ(pids_by("exe:" + directory + "/prog," + child), Pids{});
    }
    ::rmdir(directory.c_str());
}

TEST(SelectByUser, MeansTheEffectiveOne) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "becoming another user needs root";
    }
    const Child child([](const auto& ready) {
        ::prctl(PR_SET_NAME, own_name().c_str());
        EXPECT_EQ(::setresuid(0, 65534, 0), 0);
        return test::pause_at_defaults(ready);
    });
    // the child's own_name() is that of its own PID
    const std::string name = "name:t" + std::to_string(child.pid());
    EXPECT_EQ(pids_by(name + ",user:nobody"), Pids{child.pid()});
    EXPECT_EQ(pids_by(name + ",user:65534"), Pids{child.pid()});
    EXPECT_EQ(pids_by(name + ",user:root"), Pids{});
}

TEST(SelectByParents, FindsChildrenAndTrees) {
    const Child root([](const auto& ready) {
        const Child middle([&](const auto& middle_ready) {
            ready(); // closes this process's copy of what the test waits on
            const Child leaf([&](const auto& leaf_ready) {
                middle_ready();
                return test::pause_at_defaults(leaf_ready);
            });
            return test::pause_at_defaults(middle_ready);
        });
        return test::pause_at_defaults(ready);
    });
    const std::string pid = std::to_string(root.pid());
    const Pids children = pids_by("child-of:" + pid);
    ASSERT_EQ(children.size(), 1U);
    const Pids leaves = pids_by("child-of:child-of:" + pid);
    ASSERT_EQ(leaves.size(), 1U);
    Pids all = {root.pid(), children[0], leaves[0]};
    std::ranges::sort(all);
    EXPECT_EQ(pids_by("tree:" + pid), all);
    EXPECT_EQ(pids_by("tree:" + pid + ",child-of:" + std::to_string(children[0])), leaves);
    EXPECT_EQ(pids_by("child-of:" + std::to_string(leaves[0])), Pids{});
    for (const pid_t each : {leaves[0], children[0]}) {
        ::kill(each, SIGKILL);
    }
}

TEST(SelectByGroupAndSession, MeansTheNumbers) {
    const Child child([](const auto& ready) {
        ::setsid();
        return test::pause_at_defaults(ready);
    });
    const std::string pid = std::to_string(child.pid());
    EXPECT_EQ(pids_by("group:" + pid), Pids{child.pid()});
    EXPECT_EQ(pids_by("session:" + pid), Pids{child.pid()});
    const Child other(test::pause_at_defaults);
    EXPECT_EQ(pids_by("group:" + std::to_string(other.pid())), Pids{});
    EXPECT_EQ(pids_by("session:" + std::to_string(other.pid())), Pids{});
}

TEST(SelectByState, TellsStoppedFromSleepingAndZombie) {
    Child child(test::named(own_name()));
    const std::string name = "name:" + own_name();
    while (pids_by(name + ",state:S") != Pids{child.pid()}) {
        ::sched_yield(); // until it has fallen asleep
    }
    ::kill(child.pid(), SIGSTOP);
    ASSERT_EQ(::waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
    EXPECT_EQ(pids_by(name + ",state:S"), Pids{});
    EXPECT_EQ(pids_by(name + ",state:ST"), Pids{child.pid()});
    ::kill(child.pid(), SIGKILL);
    child.wait_for_zombie();
    EXPECT_EQ(pids_by(name), Pids{}) << "a zombie is not matched unless it is asked for";
    EXPECT_EQ(pids_by(name + ",state:Z"), Pids{child.pid()});
    child.wait();
    EXPECT_EQ(pids_by(name + ",state:Z"), Pids{});
}

TEST(SelectByTerminal, MeansTheControllingOne) {
    int main_end = -1;
    std::array<char, 64> name{};
    const pid_t pid = ::forkpty(&main_end, name.data(), nullptr, nullptr);
    if (pid == 0) {
        ::execl("/bin/sh", "sh", "-c", "echo ready; exec sleep 1000", nullptr);
        ::_exit(1);
    }
    const UniqueFd owner(main_end);
    char byte = 0;
    EXPECT_EQ(::read(main_end, &byte, 1), 1);
    const std::string terminal = std::string(name.data()).substr(5);
    EXPECT_EQ(pids_by("tty:" + terminal), Pids{pid});
    EXPECT_EQ(pids_by("tty:" + std::string(name.data()) + ",child-of:" + std::to_string(::getpid())), Pids{pid});
    EXPECT_EQ(pids_by("tty:none," + std::to_string(pid)), Pids{});
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    EXPECT_EQ(select_by({"tty:pts/99999"}).error().reason, Reason::bad_input);
}

TEST(SelectByNamespace, MeansTheSame) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "a new namespace needs root";
    }
    const Child apart(
        [](const auto& ready) { return ::unshare(CLONE_NEWUTS) == 0 ? test::pause_at_defaults(ready) : 1; });
    const Child beside(test::pause_at_defaults);
    const std::string own = std::to_string(::getpid());
    const std::string both = ",child-of:" + own;
    EXPECT_EQ(pids_by("ns:uts:" + own + both), Pids{beside.pid()});
    EXPECT_EQ(pids_by("ns:uts:" + std::to_string(apart.pid()) + both), Pids{apart.pid()});
    EXPECT_EQ(pids_by("ns:" + own + both), Pids{beside.pid()});
    EXPECT_EQ(pids_by("ns:net:" + own + both).size(), 2U);
}

TEST(SelectByAge, ComparesWithTheStart) {
    const Child child(test::pause_at_defaults);
    const std::string pid = std::to_string(child.pid());
    EXPECT_EQ(pids_by("newer:1h," + pid), Pids{child.pid()});
    EXPECT_EQ(pids_by("older:1h," + pid), Pids{});
    EXPECT_EQ(pids_by("newer:0," + std::to_string(::getppid())), Pids{});
}

TEST(SelectByEnvironment, MeansAWholeVariable) {
    const Child child([](const auto& ready) {
        ::setenv("S2P_TEST", "a,b", 1);
        ready();
        ::execl("/bin/sleep", "sleep", "1000", nullptr);
        return 1;
    });
    const std::string pid = "," + std::to_string(child.pid());
    const std::string environment = "/proc/" + std::to_string(child.pid()) + "/environ";
    while (pids_by("name:sleep" + pid).empty() || std::ifstream(environment).peek() == EOF) {
        ::sched_yield(); // until it has executed its program: an exec gives the name first, the environment later
    }
    EXPECT_EQ(pids_by("env:S2P_TEST=a\\,b" + pid), Pids{child.pid()});
    EXPECT_EQ(pids_by("env:S2P_TEST=a" + pid), Pids{});
    EXPECT_EQ(pids_by("env:P_TEST=a\\,b" + pid), Pids{});
}

TEST(SelectByHandler, MeansACaughtSignal) {
    const Child child([](const auto& ready) {
        ::signal(SIGUSR1, [](int) {});
        ::signal(SIGUSR2, SIG_IGN);
        return test::pause_at_defaults(ready);
    });
    const std::string pid = "," + std::to_string(child.pid());
    EXPECT_EQ(pids_by("handles:USR1" + pid), Pids{child.pid()});
    EXPECT_EQ(pids_by("handles:USR2" + pid), Pids{});
}

} // namespace
} // namespace sig2pid
