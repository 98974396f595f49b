// SPDX-License-Identifier: BSD-2-Clause
// An unprivileged writer gets what kill(2) gives him, and who writes is who opened.
#include "helpers/child.hpp"
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <linux/capability.h>
#include <list>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

constexpr uid_t bob = 1001;

struct Ids {
    uid_t real, effective, saved;
};

bool become(const Ids& ids) {
    return ::syscall(SYS_setresuid, ids.real, ids.effective, ids.saved) == 0;
}

/// A body that holds every signal back for ever, under some user, perhaps in a session of its own.
Child::Body target_under(const Ids& ids, bool own_session = false) {
    return [=](const auto& ready) -> int {
        if ((own_session && ::setsid() < 0) || !become(ids)) {
            return 1;
        }
        return test::block_all_and_pause(ready);
    };
}

constexpr int probes[] = {0, SIGHUP, SIGUSR1, SIGTERM, SIGCONT, SIGSTOP, 34, 64, 65};

/// In the child that writes: the exit status, so that the test says which rule was broken.
enum Broken { nothing, not_as_kill, laxer_with_a_value, cannot_set_up };

/// Call by call. SIGSTOP would stop the targets of those who may: the permission is the same as SIGHUP's.
Broken compare_one(pid_t pid, int signal) {
    const int expected = error_of_kill(pid, signal);
    const int got = request(pid, signal);
    if (got != expected) {
        ADD_FAILURE() << "kill(" << pid << ", " << signal << ") gave " << expected << ", the module " << got;
        return not_as_kill;
    }
    const int with_value = request(pid, signal, 1);
    if (expected != 0 && with_value == 0) {
        ADD_FAILURE() << "kill(" << pid << ", " << signal << ") gave " << expected << ", but a value may be sent";
        return laxer_with_a_value;
    }
    return nothing;
}

Broken compare_with_kill(const std::vector<pid_t>& targets) {
    for (const pid_t pid : targets) {
        for (const int signal : probes) {
            const Broken broken = compare_one(pid, signal);
            if (broken != nothing) {
                return broken;
            }
        }
    }
    return nothing;
}

class Permissions : public Module {
protected:
    void SetUp() override {
        for (const Ids& ids : {Ids{0, 0, 0}, Ids{alice, alice, alice}, Ids{bob, bob, bob}, Ids{alice, bob, bob},
                               Ids{bob, alice, bob}, Ids{bob, bob, alice}, Ids{alice, 0, 0}, Ids{0, alice, alice}}) {
            for (const bool own_session : {false, true}) {
                targets_.emplace_back(target_under(ids, own_session));
            }
        }
        zombie_.wait_for_zombie();
        for (const Child& target : targets_) {
            pids_.push_back(target.pid());
        }
        pids_.insert(pids_.end(), {zombie_.pid(), 1, 2, 4'194'303});
    }

    /// `prepare` makes the writer what it is to be; \return the rule that was broken.
    int compare_as(const std::function<bool()>& prepare) {
        Child writer([&](const auto&) -> int { return prepare() ? compare_with_kill(pids_) : cannot_set_up; });
        return writer.wait();
    }

    std::list<Child> targets_;
    Child zombie_{[](const auto&) { return 0; }};
    std::vector<pid_t> pids_;
};

TEST_F(Permissions, AreKillsForRoot) {
    EXPECT_EQ(compare_as([] { return true; }), nothing);
}

TEST_F(Permissions, AreKillsForEachMixOfUserIds) {
    for (const Ids& ids : {Ids{alice, alice, alice}, Ids{bob, bob, bob}, Ids{alice, bob, bob}, Ids{bob, alice, alice},
                           Ids{alice, alice, bob}, Ids{bob, 0, 0}, Ids{0, alice, alice}}) {
        EXPECT_EQ(compare_as([&] { return become(ids); }), nothing)
            << ids.real << " " << ids.effective << " " << ids.saved;
    }
}

TEST_F(Permissions, AreKillsInAnotherSession) {
    EXPECT_EQ(compare_as([] { return ::setsid() > 0 && become({alice, alice, alice}); }), nothing);
}

TEST_F(Permissions, AreKillsForRootWithoutTheCapability) {
    EXPECT_EQ(compare_as([] {
                  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
                  __user_cap_data_struct none[2]{};
                  return ::syscall(SYS_capset, &header, none) == 0;
              }),
              nothing);
}

TEST_F(Permissions, AreKillsForAUserWithTheCapability) {
    EXPECT_EQ(compare_as([] {
                  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
                  __user_cap_data_struct kill[2]{};
                  kill[0].effective = kill[0].permitted = 1U << CAP_KILL;
                  return ::prctl(PR_SET_KEEPCAPS, 1) == 0 && become({alice, alice, alice}) &&
                         ::syscall(SYS_capset, &header, kill) == 0;
              }),
              nothing);
}

TEST_F(Permissions, AreKillsInAnotherUserNamespace) {
    EXPECT_EQ(compare_as([] { return become({alice, alice, alice}) && ::unshare(CLONE_NEWUSER) == 0; }), nothing);
    EXPECT_EQ(compare_as([] { return ::unshare(CLONE_NEWUSER) == 0; }), nothing);
}

TEST_F(Permissions, PidsAreThoseOfTheWritersNamespace) {
    Child outer([&](const auto&) -> int {
        if (::unshare(CLONE_NEWPID) != 0) {
            return cannot_set_up;
        }
        Child init([&](const auto&) -> int {
            Child inside(test::block_all_and_pause);
            std::vector<pid_t> all = pids_;
            all.push_back(inside.pid());
            return compare_with_kill(all);
        });
        return init.wait();
    });
    EXPECT_EQ(outer.wait(), nothing);
}

TEST_F(Permissions, ASessionsSigcontIsStricterWithAValue) {
    Child writer([&](const auto&) -> int {
        const Child target(target_under({bob, bob, bob}));
        if (!become({alice, alice, 0})) {
            return cannot_set_up;
        }
        EXPECT_EQ(::kill(target.pid(), SIGCONT), 0);
        EXPECT_EQ(request(target.pid(), SIGCONT), 0);
        EXPECT_EQ(request(target.pid(), SIGCONT, 1), EPERM);
        return become({0, 0, 0}) && !testing::Test::HasFailure() ? 0 : 1; // root again, to end the target
    });
    EXPECT_EQ(writer.wait(), 0);
}

/// What a target gets: code, PID and UID of the sender.
std::string sent_by(const std::function<int(pid_t)>& send) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    Child target([&](const auto& ready) -> int {
        Receiver receiver = Receiver::make({Signal(realtime)}).value();
        receiver.leave_blocked();
        ready();
        const ReceivedSignal got = next(receiver);
        const std::string text =
            got.code_name() + " " + std::to_string(got.sender_pid) + " " + std::to_string(got.sender_uid);
        return write_to(writer.get(), text).error;
    });
    EXPECT_EQ(send(target.pid()), 0);
    EXPECT_EQ(target.wait(), 0);
    char text[100] = {};
    EXPECT_GT(::read(reader.get(), text, sizeof(text) - 1), 0);
    return text;
}

TEST_F(Permissions, TheFieldsAreKills) {
    const std::string expected = sent_by([](pid_t pid) { return error_of_kill(pid, realtime); });
    EXPECT_EQ(sent_by([](pid_t pid) { return request(pid, realtime); }), expected);
    const std::string self = std::to_string(::getpid());
    EXPECT_EQ(expected, "SI_USER " + self + " 0");
    EXPECT_EQ(sent_by([](pid_t pid) { return request(pid, realtime, 1); }), "SI_QUEUE " + self + " 0");
}

TEST_F(Permissions, ALentDescriptorIsRefused) {
    Child lender([&](const auto&) -> int {
        if (!become({alice, alice, 0})) {
            return cannot_set_up;
        }
        const UniqueFd lent = open_requests();
        if (!become({0, 0, 0})) {
            return cannot_set_up;
        }
        const std::string target = std::to_string(targets_.front().pid());
        EXPECT_EQ(write_to(lent.get(), target + " 40\n").error, EPERM);
        EXPECT_EQ(write_to(lent.get(), target + " 40 1\n").error, EPERM);
        EXPECT_EQ(write_to(lent.get(), std::to_string(::getpid()) + " 0\n").error, EPERM);
        return testing::Test::HasFailure() ? 1 : 0;
    });
    EXPECT_EQ(lender.wait(), 0);
    EXPECT_EQ(counters()["sent"], 0U);
    EXPECT_EQ(counters()["EPERM"], 3U);
}

TEST_F(Permissions, ADescriptorOfRootIsNoUseToAUser) {
    const UniqueFd lent = open_requests();
    Child borrower([&](const auto&) -> int {
        return become({alice, alice, alice}) ? write_to(lent.get(), std::to_string(::getpid()) + " 0\n").error : 0;
    });
    EXPECT_EQ(borrower.wait(), EPERM);
}

TEST_F(Permissions, AForkedChildWithTheSameCredentialsMayWrite) {
    const UniqueFd inherited = open_requests();
    Child child(
        [&](const auto&) -> int { return write_to(inherited.get(), std::to_string(::getpid()) + " 0\n").error; });
    EXPECT_EQ(child.wait(), 0);
}

} // namespace
} // namespace sig2pid::vm
