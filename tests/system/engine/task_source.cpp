// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own pass over the processes, beside the reading of /proc.
#include "engine/kernel.hpp"
#include "tests/helpers/child.hpp"
#include "tests/helpers/confined.hpp"
#include "tests/helpers/rounds.hpp"

#include <sig2pid/engine/task_source.hpp>
#include <sig2pid/receiver.hpp>
#include <sig2pid/selector.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::engine {
namespace {

using test::Child;

constexpr uid_t somebody = 65534;

struct Trait {
    std::string name;
    uid_t user = 0;
    bool new_session = false;
    bool new_group = false;
    int blocked = 0; ///< a signal
    int ignored = 0;
};

int live_as(const Trait& trait, const std::function<void()>& ready) {
    sigset_t set;
    sigemptyset(&set);
    if (trait.blocked != 0) {
        sigaddset(&set, trait.blocked);
    }
    sigprocmask(SIG_SETMASK, &set, nullptr);
    if (trait.ignored != 0) {
        signal(trait.ignored, SIG_IGN);
    }
    prctl(PR_SET_NAME, trait.name.c_str());
    if (trait.new_session) {
        setsid();
    } else if (trait.new_group) {
        setpgid(0, 0);
    }
    if (setresuid(trait.user, trait.user, trait.user) != 0) {
        return 1;
    }
    ready();
    for (;;) {
        pause();
    }
}

std::unique_ptr<Child> child_as(const Trait& trait) {
    return std::make_unique<Child>([trait](const auto& ready) { return live_as(trait, ready); });
}

Target target(const std::string& text) {
    return Target::parse(text).value();
}

std::set<std::string> tokens(const std::string& text, Backend backend) {
    TaskSource source;
    const auto set = select(Selector({target(text)}), {.backend = backend, .source = &source});
    EXPECT_TRUE(set) << text << ": " << set.error().message();
    std::set<std::string> all;
    for (const auto& member : set ? set->members() : std::span<const ProcessSet::Member>()) {
        all.insert(member.token().to_string());
    }
    return all;
}

/// Why the selection is empty; empty where it is not.
std::string why_nobody(const std::string& text, Backend backend) {
    TaskSource source;
    const auto set = select(Selector({target(text)}), {.backend = backend, .source = &source});
    return set && !set->misses().empty() ? set->misses()[0].error.message() : std::string();
}

/// Others come and go while the two look: what was there before and after must be found, what is still there and was
/// not must not.
void expect_same(const std::string& question) {
    const auto before = tokens(question, Backend::proc);
    const auto found = tokens(question, Backend::bpf);
    const auto after = tokens(question, Backend::proc);
    for (const std::string& token : before) {
        EXPECT_TRUE(!after.contains(token) || found.contains(token)) << question << " misses " << token;
    }
    for (const std::string& token : found) {
        const bool was_seen = before.contains(token) || after.contains(token);
        EXPECT_TRUE(was_seen || !Process::from_token(Token::parse(token).value())) << question << " has " << token;
    }
    if (before.empty() && after.empty()) {
        EXPECT_EQ(why_nobody(question, Backend::bpf), why_nobody(question, Backend::proc));
    }
}

class TaskSourceTest : public ::testing::Test {
protected:
    void SetUp() override {
        TaskSource source;
        const Result<> found = source.find(target("name:no-such-name"), [](const Candidate&) {});
        if (!found) {
            GTEST_SKIP() << found.error().message();
        }
    }
};

class Signalling : public TaskSourceTest {
protected:
    void SetUp() override {
        TaskSourceTest::SetUp();
        if (!IsSkipped() && !can_signal_matching(target("name:whoever"))) {
            GTEST_SKIP() << "the kernel cannot signal another task (6.13), or a security module is to be asked";
        }
    }
};

TEST_F(TaskSourceTest, finds_what_proc_finds_in_a_random_zoo) {
    std::mt19937 random(20);
    const auto coin = [&] { return random() % 2 == 0; };
    std::vector<std::unique_ptr<Child>> zoo;
    std::vector<std::string> questions = {"user:0", "user:65534", "user:12345,name:zoo-a", "name:zoo-b,state:X"};
    for (int i = 0; i < test::rounds(40, 15); i++) {
        const std::string name =
            std::array{"zoo-a", "zoo-b", "zoo a,b", "zoo-fifteen-let", "zoo-sixteen-lett"}[random() % 5];
        zoo.push_back(child_as({name, coin() ? somebody : 0, coin(), coin()}));
        const pid_t pid = zoo.back()->pid();
        if (const pid_t group = getpgid(pid); group > 0) { // 0: its leader is above our PID namespace
            questions.push_back("group:" + std::to_string(group));
        }
        if (const pid_t session = getsid(pid); session > 0) {
            questions.push_back("session:" + std::to_string(session) + ",user:65534");
        }
    }
    for (const char* name :
         {"zoo-a", "zoo-b", "zoo a\\,b", "zoo-fifteen-let", "zoo-sixteen-lett", "zoo", "zoo-sixteen-let"}) {
        questions.push_back(std::string("name:") + name);
        questions.push_back(std::string("user:65534,name:") + name);
        questions.push_back(std::string("state:S,name:") + name);
    }
    for (const std::string& question : questions) {
        expect_same(question);
    }
    EXPECT_FALSE(tokens("name:zoo-a", Backend::bpf).empty());
}

TEST_F(TaskSourceTest, finds_a_zombie_only_where_it_is_asked_for) {
    Child child([](const auto& ready) {
        prctl(PR_SET_NAME, "zoo-zombie");
        ready();
        return 0;
    });
    child.wait_for_zombie();
    EXPECT_TRUE(tokens("name:zoo-zombie", Backend::bpf).empty());
    EXPECT_EQ(tokens("name:zoo-zombie,state:Z", Backend::bpf).size(), 1U);
}

TEST_F(TaskSourceTest, never_finds_itself_or_its_parent) {
    const auto all = tokens("user:0", Backend::bpf);
    for (const pid_t pid : {getpid(), getppid(), pid_t{1}}) {
        EXPECT_TRUE(std::ranges::none_of(all, [&](const std::string& token) {
            return token.starts_with(std::to_string(pid) + ":");
        })) << pid;
    }
}

/// Whom the signal reached; a test failure where it cannot be sent so.
std::vector<Signalled> signal_all(const std::string& text, const std::string& signal) {
    std::vector<Signalled> all;
    const auto done =
        signal_matching(target(text), Signal::parse(signal).value(), [&](const Signalled& one) { all.push_back(one); });
    EXPECT_TRUE(done && *done == all.size()) << (done ? "not possible" : done.error().message());
    return all;
}

TEST_F(Signalling, signals_each_that_matches_once_and_nobody_else) {
    constexpr std::size_t count = 50;
    std::vector<std::unique_ptr<Child>> meant;
    for (std::size_t i = 0; i < count; i++) {
        meant.push_back(child_as({.name = "zoo-meant"}));
    }
    const auto stranger = child_as({.name = "zoo-meant-not"});
    const auto done = signal_all("name:zoo-meant", "KILL");
    ASSERT_EQ(done.size(), count);
    for (const Signalled& each : done) {
        EXPECT_EQ(each.verdict, Verdict::delivered);
        EXPECT_EQ(each.name, "zoo-meant");
        const bool is_meant = std::ranges::any_of(meant, [&](const auto& child) {
            return child->pid() == each.pid && child->process().inode() == each.inode;
        });
        EXPECT_TRUE(is_meant) << each.pid;
    }
    for (const auto& child : meant) {
        EXPECT_EQ(child->wait(), 128 + SIGKILL);
    }
    EXPECT_EQ(stranger->process().state(), ProcessState::alive);
}

/// Replaces each worker that ends, for ever. It is ready when all have their name.
int supervise(int workers, const std::function<void()>& ready) {
    std::array<int, 2> named = {};
    if (pipe2(named.data(), O_CLOEXEC) != 0) {
        return 255;
    }
    const auto start_one = [supervisor = getpid()] {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != supervisor) {
                _exit(0); // it died before it was asked for
            }
            prctl(PR_SET_NAME, "zoo-worker");
            close_range(3, ~0U, 0); // the pipe, and what the test waits at
            for (;;) {
                pause();
            }
        }
    };
    for (int i = 0; i < workers; i++) {
        start_one();
    }
    close(named[1]);
    char none = 0;
    static_cast<void>(read(named[0], &none, 1)); // the end of the file: the last of them has closed it
    ready();
    for (;;) {
        if (wait(nullptr) > 0) {
            start_one();
        }
    }
}

TEST_F(Signalling, leaves_those_alone_that_replace_the_ones_it_has_ended) {
    constexpr int workers = 300;
    const Child supervisor([](const auto& ready) { return supervise(workers, ready); });
    EXPECT_EQ(signal_all("name:zoo-worker", "KILL").size(), std::size_t{workers});
}

TEST_F(Signalling, says_what_became_of_the_signal) {
    const auto ignores = child_as({.name = "zoo-ignores", .ignored = SIGUSR1});
    const auto blocks = child_as({.name = "zoo-blocks", .blocked = SIGUSR1});
    const auto one = [](const std::string& name) {
        const auto done = signal_all("name:" + name, "USR1");
        EXPECT_EQ(done.size(), 1U) << name;
        return done.empty() ? Signalled() : done.front();
    };
    EXPECT_EQ(one("zoo-ignores").verdict, Verdict::ignored);
    const Signalled first = one("zoo-blocks");
    EXPECT_EQ(first.verdict, Verdict::delivered);
    EXPECT_TRUE(first.blocked);
    EXPECT_EQ(one("zoo-blocks").verdict, Verdict::coalesced);
}

TEST_F(Signalling, leaves_what_the_kernel_cannot_judge_to_proc) {
    EXPECT_FALSE(can_signal_matching(target("name:a-name-of-fifteen")));
    EXPECT_FALSE(can_signal_matching(target("name:a,state:S")));
    EXPECT_FALSE(can_signal_matching(target("name:a,name:b")));
    EXPECT_FALSE(can_signal_matching(target("cmd:a")));
    EXPECT_FALSE(can_signal_matching(target("1")));
}

TEST_F(Signalling, is_not_done_without_the_right_to_signal_everyone) {
    Child child([](const auto& ready) {
        ready();
        return setresuid(somebody, somebody, somebody) == 0 && can_signal_matching(target("name:a")) ? 1 : 0;
    });
    EXPECT_EQ(child.wait(), 0);
}

/// The task source, whose use does not depend on how many processes there are.
class EagerSource : public CandidateSource {
public:
    bool is_worth_it(const Target&) override { return true; }
    Result<> find(const Target& target, const Found& found) override {
        const Result<> answer = source_.find(target, found);
        failed = failed || !answer;
        return answer;
    }

    bool failed = false;

private:
    TaskSource source_;
};

TEST(TaskSource, leaves_it_to_proc_where_bpf_is_refused) {
    const auto meant = child_as({.name = "zoo-refused"});
    Child child([&](const auto& ready) {
        ready();
        EagerSource source;
        if (!test::refuse_call(SYS_bpf, EPERM)) {
            return 77;
        }
        const auto by = [&](Backend backend) {
            return select(Selector({target("name:zoo-refused")}), {.backend = backend, .source = &source});
        };
        const auto set = by(Backend::automatic);
        return set && set->size() == 1 && (*set)[0].pid == meant->pid() && source.failed && !by(Backend::bpf) ? 0 : 1;
    });
    const int status = child.wait();
    if (status == 77) {
        GTEST_SKIP() << "needs seccomp filters";
    }
    EXPECT_EQ(status, 0);
}

TEST(TaskSource, says_which_capability_is_missing) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "to lose capabilities it must be root first";
    }
    Child child([](const auto& ready) {
        ready();
        if (setresuid(somebody, somebody, somebody) != 0) {
            return 1;
        }
        TaskSource source;
        const Result<> found = source.find(target("name:a"), [](const Candidate&) {});
        return !found && found.error().code == EPERM && found.error().message().find("CAP_BPF") != std::string::npos
                   ? 0
                   : 2;
    });
    EXPECT_EQ(child.wait(), 0);
}

} // namespace
} // namespace sig2pid::engine
