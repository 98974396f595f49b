// SPDX-License-Identifier: BSD-2-Clause
// Each way in which the kernel refuses a signal, made for real.
#include "helpers/child.hpp"
#include "helpers/confined.hpp"
#include "helpers/stranger.hpp"

#include <sig2pid/denial.hpp>
#include <sig2pid/process_info.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;

constexpr uid_t somebody = 65534;
constexpr int not_refused = 100, not_told = 101, cannot_be_made = 102;

/// What a child that has first become `become` finds when it probes the process: a Denial, or one of the above.
int denial_seen_by(const Process& process, const std::function<bool()>& become) {
    Child child([&](const auto& ready) {
        ready();
        if (!become()) {
            return cannot_be_made;
        }
        const Result<> probed = probe(process);
        if (probed) {
            return not_refused;
        }
        const auto denial = denial_of(process, probed.error());
        return denial ? static_cast<int>(*denial) : not_told;
    });
    return child.wait();
}

bool become_somebody() {
    return setresuid(somebody, somebody, somebody) == 0;
}

class Refused : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) {
            GTEST_SKIP() << "to become another it must be root first";
        }
    }

    void expect(Denial wanted, const std::function<bool()>& become, const Process& process) {
        const int seen = denial_seen_by(process, become);
        if (seen == cannot_be_made) {
            GTEST_SKIP() << "this kernel does not let the situation be made";
        }
        EXPECT_EQ(seen, static_cast<int>(wanted)) << to_string(wanted);
    }

    Child target_{test::pause_at_defaults};
    Child somebodys_{[](const auto& ready) { return become_somebody() ? test::pause_at_defaults(ready) : 1; }};
};

bool drop_cap_kill() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2] = {};
    if (syscall(SYS_capget, &header, sets) != 0) {
        return false;
    }
    sets[0].effective &= ~(1U << CAP_KILL);
    return syscall(SYS_capset, &header, sets) == 0;
}

bool write_file(const char* path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
}

/// Root of a user namespace of its own, to the others `somebody`.
bool enter_user_namespace() {
    return become_somebody() && prctl(PR_SET_DUMPABLE, 1) == 0 && unshare(CLONE_NEWUSER) == 0 &&
           write_file("/proc/self/uid_map", "0 65534 1");
}

/// Lets Landlock keep this process's signals within its own sandbox (6.12).
bool scope_signals() {
    const struct {
        std::uint64_t handled_access_fs, handled_access_net, scoped;
    } rules = {0, 0, 2};                                                     // LANDLOCK_SCOPE_SIGNAL
    const int fd = static_cast<int>(syscall(444, &rules, sizeof(rules), 0)); // landlock_create_ruleset
    return fd >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(446, fd, 0) == 0;
}

TEST_F(Refused, by_uid) {
    expect(Denial::uid, become_somebody, target_.process());
}

TEST_F(Refused, by_a_missing_capability) {
    expect(Denial::capability, drop_cap_kill, somebodys_.process());
}

TEST_F(Refused, by_the_user_namespace) {
    expect(Denial::user_namespace, enter_user_namespace, target_.process());
}

TEST_F(Refused, by_seccomp) {
    const auto filter = [] { return test::refuse_call(SYS_pidfd_send_signal, EPERM); };
    expect(Denial::seccomp, filter, target_.process());
}

TEST_F(Refused, by_a_security_module) {
    expect(Denial::security_module, scope_signals, target_.process());
}

TEST_F(Refused, by_the_pid_namespace) {
    if (unshare(CLONE_NEWPID) != 0) { // for the children that follow
        GTEST_SKIP() << "no PID namespace can be made here";
    }
    // first in its namespace, and so not a Child, which is pinned by its number here
    const pid_t pid = fork();
    if (pid == 0) {
        const Result<> probed = probe(target_.process());
        _exit(!probed && denial_of(target_.process(), probed.error()) == Denial::pid_namespace ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    const UniqueFd own(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(setns(own.get(), CLONE_NEWPID), 0);
    EXPECT_EQ(status, 0);
}

TEST_F(Refused, is_nothing_else) {
    EXPECT_EQ(denial_of(target_.process(), {ESRCH, "", "", Reason::gone, 0}), std::nullopt);
    EXPECT_EQ(denial_of(target_.process(), {EAGAIN, "", "", Reason::queue_full, 0}), std::nullopt);
}

TEST(Effect, OfSigcontIsNotDeniedWithinASession) {
    const test::Child target(test::pause_at_defaults);
    const int found = test::run_as_nobody([&] {
        const bool denied = effect_of(target.process(), Signal(SIGTERM)) == Effect::denied;
        return denied && effect_of(target.process(), Signal(SIGCONT)) == Effect::continues ? 0 : 1;
    });
    if (found == 97) {
        GTEST_SKIP() << "becoming another user needs root";
    }
    EXPECT_EQ(found, 0);
}

} // namespace
} // namespace sig2pid
