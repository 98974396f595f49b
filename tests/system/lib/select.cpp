// SPDX-License-Identifier: BSD-2-Clause
// What a selection takes, leaves out and says, whatever its conditions.
#include "helpers/confined.hpp"
#include "helpers/scoped_calls.hpp"
#include "helpers/selected.hpp"
#include "helpers/stranger.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
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

TEST(SelectExplicitly, TakesWhatNoSelectorMatches) {
    EXPECT_EQ(pids_by(std::to_string(::getpid())), Pids{::getpid()});
    EXPECT_EQ(pids_by(Process::open(::getppid()).value().token().to_string()), Pids{::getppid()});
    EXPECT_EQ(pids_by("1"), Pids{1});
    const Child child(test::pause_at_defaults);
    EXPECT_EQ(pids_by("fd:" + std::to_string(child.process().fd())), Pids{child.pid()});
}

TEST(SelectExplicitly, NeedsNoProc) {
    if (::geteuid() != 0 || !test::kernel_is_at_least(6, 9)) {
        GTEST_SKIP() << "mounts of its own need root, and pidfds without /proc Linux 6.9";
    }
    const Child target(test::pause_at_defaults);
    const std::string token = Token{target.pid(), target.process().inode(), std::nullopt}.to_string();
    Child child([&](const auto&) {
        if (!test::cover("/proc")) {
            return 77;
        }
        EXPECT_EQ(pids_by(std::to_string(target.pid())), Pids{target.pid()});
        EXPECT_EQ(pids_by(token), Pids{target.pid()});
        EXPECT_EQ(pids_by(token + ":12345678"), Pids{});
        EXPECT_EQ(select_by({"name:x"}).error().code, ENOENT);
        return testing::Test::HasFailure() ? 1 : 0;
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST(SelectNever, MatchesItselfItsAncestorsPid1OrKernelThreads) {
    ::prctl(PR_SET_NAME, own_name("self").c_str());
    EXPECT_EQ(pids_by("name:" + own_name("self")), Pids{});
    const Pids all = pids_by("cmd:.");
    for (const pid_t never : {1, 2, ::getpid(), ::getppid()}) {
        EXPECT_TRUE(std::ranges::find(all, never) == all.end()) << never;
    }
    EXPECT_EQ(pids_by("child-of:2,name:kworker/R-rcu_gp"), Pids{});
    const Result<ProcessSet> threads = select_by({"state:SI,group:0"});
    EXPECT_FALSE(threads) << "group 0, that of kernel threads, is refused";
}

TEST(SelectNever, MatchesProcessesOfOtherPidNamespaces) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "a new PID namespace needs root";
    }
    const std::string name = own_name("ns");
    const Child outer([&](const auto& ready) {
        if (::unshare(CLONE_NEWPID) != 0) {
            return 1;
        }
        const Child inner([&](const auto& inner_ready) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ready();
            return test::named(name)(inner_ready);
        });
        return test::pause_at_defaults(ready);
    });
    const Pids inner = pids_by("child-of:" + std::to_string(outer.pid()));
    EXPECT_EQ(inner, Pids{});
    const Result<ProcessSet> set = select_by({"name:" + name});
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->empty());
    EXPECT_NE(set->misses()[0].error.message().find("other PID namespaces"), std::string::npos);
}

TEST(SelectUnion, HasEachProcessOnceInTheOrderOfPids) {
    const Child first(test::named(own_name("a")));
    const Child second(test::named(own_name("b")));
    const Result<ProcessSet> set =
        select_by({"name:" + own_name("b"), "name:" + own_name("a"), std::to_string(second.pid())});
    ASSERT_TRUE(set);
    ASSERT_EQ(set->size(), 2U);
    EXPECT_LT((*set)[0].pid, (*set)[1].pid);
    EXPECT_EQ(set->held()[0].pid(), (*set)[0].pid);
    const std::size_t of_second = (*set)[0].pid == second.pid() ? 0 : 1;
    EXPECT_EQ(set->target(of_second).text(), "name:" + own_name("b")) << "the first argument that matched";
}

TEST(SelectUnion, KeepsTheMissesApart) {
    const Child child(test::named(own_name()));
    const Result<ProcessSet> set = select_by({"name:" + own_name(), "name:" + own_name("none"), "4194304"});
    ASSERT_TRUE(set);
    EXPECT_EQ(set->size(), 1U);
    ASSERT_EQ(set->misses().size(), 2U);
    for (const ProcessSet::Miss& miss : set->misses()) {
        EXPECT_EQ(miss.error.reason, Reason::gone);
        EXPECT_GT(miss.argument, 0U);
    }
}

TEST(SelectNothing, NamesTheConditionThatLeftNoneOver) {
    const Child child(test::named(own_name()));
    const std::string name = "name:" + own_name();
    const auto why = [](const std::string& argument) {
        return select_by({argument}).value().misses()[0].error.message();
    };
    EXPECT_EQ(why(name + "none"), "no process with " + name + "none");
    EXPECT_EQ(why(name + ",user:4711"), "1 process with " + name + ", none with user:4711");
    EXPECT_EQ(why("user:4711," + name), "1 process with " + name + ", none with user:4711");
}

/// Answers EACCES for every executable: a kernel that lets nobody look at them.
void hide_executables(sys::Syscalls& table) {
    table.fstatat = [](int directory, const char* path, struct stat& out) {
        return std::string_view(path).ends_with("/exe") ? -EACCES : sys::kernel_calls().fstatat(directory, path, out);
    };
    table.readlinkat = [](int directory, const char* path, std::span<char> buffer) -> ssize_t {
        return std::string_view(path).ends_with("/exe") ? -EACCES
                                                        : sys::kernel_calls().readlinkat(directory, path, buffer);
    };
}

TEST(SelectNothing, SaysWhyEvenWhereSomebodyCouldNotBeLookedAt) {
    const Child child(test::named(own_name()));
    const std::string name = "name:" + own_name();
    test::ScopedCalls calls;
    hide_executables(calls.table);
    const auto why = [](const std::string& argument) {
        return select_by({argument}).value().misses()[0].error.message();
    };
    const std::string hint = ::geteuid() == 0 ? "" : ": only root may";
    EXPECT_EQ(why(name + ",exe:/bin/sh"),
              "1 process with " + name + ", none with exe:/bin/sh; 1 process could not be looked at" + hint);
    EXPECT_EQ(why(name + "none,exe:/bin/sh"), "no process with " + name + "none") << "nobody came so far";
}

TEST(SelectNothing, CountsNeitherItselfNorItsAncestorsAsHidden) {
    ::prctl(PR_SET_NAME, own_name("self").c_str());
    test::ScopedCalls calls;
    hide_executables(calls.table);
    EXPECT_EQ(select_by({"name:" + own_name("self") + ",exe:/bin/sh"}).value().misses()[0].error.message(),
              "1 process with name:" + own_name("self") + ", none with exe:/bin/sh");
}

/// Says that it is the better way, and then finds nobody, or fails.
class Source : public CandidateSource {
public:
    explicit Source(Result<> answer) : answer_(std::move(answer)) {}
    bool is_worth_it(const Target&) override { return true; }
    Result<> find(const Target&, const Found&) override {
        ++asked;
        return answer_;
    }

    int asked = 0;

private:
    Result<> answer_;
};

TEST(SelectNothing, SaysTheSameWhoeverLooked) {
    const Child child(test::named(own_name()));
    const std::string name = "name:" + own_name();
    Source source{Result<>()};
    SelectOptions options;
    options.source = &source;
    options.backend = Backend::bpf;
    EXPECT_EQ(select_by({name + ",user:4711"}, options).value().misses()[0].error.message(),
              "1 process with " + name + ", none with user:4711");
    EXPECT_EQ(source.asked, 1);
}

TEST(SelectCandidates, AreLookedForInProcWhereTheSourceFails) {
    const Child child(test::named(own_name()));
    Source source{failure(EPERM, "bpf", "refused")};
    SelectOptions options;
    options.source = &source;
    EXPECT_EQ(pids_by("name:" + own_name(), options), Pids{child.pid()});
    EXPECT_EQ(pids_by("name:" + own_name("none"), options), Pids{});
    EXPECT_EQ(source.asked, 2);
    options.backend = Backend::bpf;
    EXPECT_EQ(select_by({"name:" + own_name()}, options).error().code, EPERM) << "it was asked for by name";
}

TEST(SelectNothing, RefusesWhatIsNotThere) {
    for (const char* text : {"user:no-such-user", "cgroup:/no/such/group", "tty:no-such-terminal"}) {
        const Result<ProcessSet> set = select_by({text});
        EXPECT_EQ(set.error().reason, Reason::bad_input) << text;
        EXPECT_EQ(set.error().code, ENOENT) << text;
    }
    EXPECT_EQ(select_by({"ns:4194304"}).value().misses()[0].error.reason, Reason::gone);
    EXPECT_EQ(select_by({"child-of:4194304"}).value().misses()[0].error.reason, Reason::gone);
    SelectOptions options;
    options.backend = Backend::bpf;
    EXPECT_EQ(select_by({"name:x"}, options).error().reason, Reason::unsupported);
}

TEST(SelectPick, TakesTheNewestOrTheOldest) {
    const Child first(test::named(own_name()));
    const Child second(test::named(own_name()));
    SelectOptions options;
    options.pick = Pick::newest;
    EXPECT_EQ(pids_by("name:" + own_name(), options), Pids{second.pid()});
    options.pick = Pick::oldest;
    EXPECT_EQ(pids_by("name:" + own_name(), options), Pids{first.pid()});
}

TEST(SelectMax, RefusesALargerSet) {
    const Child first(test::named(own_name()));
    const Child second(test::named(own_name()));
    SelectOptions options;
    options.max = 1;
    EXPECT_EQ(select_by({"name:" + own_name()}, options).error().code, E2BIG);
    options.max = 2;
    EXPECT_EQ(select_by({"name:" + own_name()}, options).value().size(), 2U);
}

TEST(SelectCandidates, OfASourceArePinnedAndJudgedLikeOthers) {
    class Liar : public CandidateSource {
    public:
        explicit Liar(std::vector<Candidate> candidates) : candidates_(std::move(candidates)) {}
        bool is_worth_it(const Target&) override { return true; }
        Result<> find(const Target&, const Found& found) override {
            std::ranges::for_each(candidates_, found);
            return {};
        }

    private:
        std::vector<Candidate> candidates_;
    };
    const Child right(test::named(own_name()));
    const Child wrong(test::named(own_name("x")));
    Liar source({{right.pid(), 0}, {wrong.pid(), 0}, {1, 0}, {::getpid(), 0}, {4'194'303, 0}, {right.pid(), 7}});
    SelectOptions options;
    options.source = &source;
    EXPECT_EQ(pids_by("name:" + own_name(), options), Pids{right.pid()});
}

TEST(JudgeAgain, SeesAnExecAndAnotherUser) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    const Child child([&](const auto& ready) {
        ::prctl(PR_SET_NAME, "before");
        ready();
        char byte = 0;
        if (::read(reader.get(), &byte, 1) == 1) {
            ::execl("/bin/sleep", "sleep", "1000", nullptr);
        }
        return 1;
    });
    const ProcessSet set = select_by({"name:before,child-of:" + std::to_string(::getpid())}).value();
    ASSERT_EQ(set.size(), 1U);
    EXPECT_TRUE(set.judge_again(0, set.held()[0]));
    ASSERT_EQ(::write(writer.get(), "", 1), 1);
    while (pids_by("name:sleep," + std::to_string(child.pid())).empty()) {
        ::sched_yield(); // until it has executed its program
    }
    const Result<> again = set.judge_again(0, set.held()[0]);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason, Reason::changed);
    EXPECT_NE(again.error().message().find("name:before"), std::string::npos);
}

TEST(JudgeAgain, TakesWhatAnotherArgumentMeans) {
    const Child child(test::named(own_name()));
    while (pids_by("state:S,name:" + own_name()).empty()) {
        ::sched_yield(); // until it has fallen asleep
    }
    const ProcessSet set = select_by({"state:S,name:" + own_name(), "state:T,name:" + own_name()}).value();
    ::kill(child.pid(), SIGSTOP);
    ASSERT_EQ(::waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
    ASSERT_EQ(set.size(), 1U);
    EXPECT_TRUE(set.judge_again(0, set.held()[0])) << "the second argument means it now";
}

} // namespace
} // namespace sig2pid
