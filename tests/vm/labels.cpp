// SPDX-License-Identifier: BSD-2-Clause
// Security modules: what kill(2) may not, the module may not; and a value crosses from one label to another only with
// CAP_MAC_ADMIN. Labels are AppArmor's, which Debian's kernels begin with: a policy namespace has an "unconfined" of
// its own, so that no compiled policy is needed.
#include "helpers/child.hpp"
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

constexpr const char* security = "/sys/kernel/security";
constexpr const char* policy_namespace = "/sys/kernel/security/apparmor/policy/namespaces/sig2pid";
constexpr const char* other_label = ":sig2pid://unconfined";

/// From now on this process has another label than its parent.
bool change_label() {
    const UniqueFd fd(::open("/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC));
    return write_to(fd.get(), std::string("changeprofile ") + other_label).error == 0;
}

bool become_alice() {
    return ::syscall(SYS_setresuid, alice, alice, alice) == 0;
}

/// The label of a process, as AppArmor tells those that may see it.
std::string label_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/attr/apparmor/current");
    std::string label;
    std::getline(file, label);
    return label;
}

class Labels : public Module {
protected:
    void SetUp() override {
        ::mount("securityfs", security, "securityfs", 0, nullptr); // EBUSY: it is there
        std::ifstream enabled("/sys/module/apparmor/parameters/enabled");
        if (enabled.get() != 'Y') {
            GTEST_SKIP() << "needs AppArmor: no other security module has labels without a policy";
        }
        ASSERT_TRUE(::mkdir(policy_namespace, 0755) == 0 || errno == EEXIST) << errno;
    }

    void TearDown() override { ::rmdir(policy_namespace); }

    /// A process of alice's that holds every signal back, with a label of its own or this process'.
    static Child::Body target(bool is_labelled) {
        return [=](const auto& ready) -> int {
            return (!is_labelled || change_label()) && become_alice() ? test::block_all_and_pause(ready) : 1;
        };
    }
};

/// What a writer gets who is not the parent: the body's errors as its exit status.
int as_alice(const std::function<int()>& body) {
    Child writer([&](const auto&) { return become_alice() ? body() : 99; });
    return writer.wait();
}

TEST_F(Labels, AValueDoesNotCrossFromOneToAnother) {
    const Child labelled(target(true));
    const Child plain(target(false));
    ASSERT_NE(label_of(labelled.pid()).find("sig2pid"), std::string::npos) << label_of(labelled.pid());
    EXPECT_EQ(as_alice([&] { return error_of_kill(labelled.pid(), realtime); }), 0);
    EXPECT_EQ(as_alice([&] { return request(labelled.pid(), realtime); }), 0);
    EXPECT_EQ(counters()["EACCES"], 0U);
    EXPECT_EQ(as_alice([&] { return request(labelled.pid(), realtime, 1); }), EACCES);
    EXPECT_EQ(as_alice([&] { return request(labelled.pid(), 0, 1); }), EACCES);
    EXPECT_EQ(counters()["EACCES"], 2U);
    EXPECT_EQ(as_alice([&] { return request(plain.pid(), realtime, 1); }), 0);
}

TEST_F(Labels, AValueCrossesWithTheCapability) {
    const Child labelled(target(true));
    EXPECT_EQ(request(labelled.pid(), realtime, 1), 0);
    Child without([&](const auto&) -> int {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct all[2]{};
        if (::syscall(SYS_capget, &header, all) != 0) {
            return 99;
        }
        all[CAP_MAC_ADMIN / 32].effective &= ~(1U << CAP_MAC_ADMIN % 32);
        return ::syscall(SYS_capset, &header, all) == 0 ? request(labelled.pid(), realtime, 1) : 98;
    });
    EXPECT_EQ(without.wait(), EACCES);
}

TEST_F(Labels, AValueGoesWhereTheLabelIsTheSame) {
    const Child labelled(target(true));
    Child writer([&](const auto&) -> int {
        return change_label() && become_alice() ? request(labelled.pid(), realtime, 1) : 99;
    });
    EXPECT_EQ(writer.wait(), 0);
}

/// struct landlock_ruleset_attr of 6.12 (ABI 6), which older headers do not have.
struct RulesetAttributes {
    std::uint64_t handled_access_fs = 0;
    std::uint64_t handled_access_net = 0;
    std::uint64_t scoped = 0;
};
constexpr std::uint64_t scope_signal = 2; ///< LANDLOCK_SCOPE_SIGNAL
constexpr long create_ruleset = 444;      ///< landlock_create_ruleset(2)
constexpr long restrict_self = 446;       ///< landlock_restrict_self(2)

class Landlock : public Module {
protected:
    void SetUp() override {
        const long abi = ::syscall(create_ruleset, nullptr, 0, 1); // LANDLOCK_CREATE_RULESET_VERSION
        if (abi < 6) {
            GTEST_SKIP() << "needs Landlock's scope of signals, which is in Linux 6.12 and later; this one has ABI "
                         << abi;
        }
    }

    /// This process may signal nobody outside from now on.
    static bool confine() {
        const RulesetAttributes attributes{.scoped = scope_signal};
        const UniqueFd ruleset(static_cast<int>(::syscall(create_ruleset, &attributes, sizeof(attributes), 0)));
        return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(restrict_self, ruleset.get(), 0) == 0;
    }
};

TEST_F(Landlock, ItsScopeIsHeededWithAndWithoutAValue) {
    const Child outside(test::block_all_and_pause);
    Child writer([&](const auto&) -> int {
        if (!confine()) {
            return 99;
        }
        const Child inside(test::block_all_and_pause);
        for (const int signal : {0, SIGTERM, SIGCONT, realtime}) {
            EXPECT_EQ(error_of_kill(outside.pid(), signal), EPERM);
            EXPECT_EQ(request(outside.pid(), signal), EPERM);
            EXPECT_EQ(request(outside.pid(), signal, 1), EPERM);
            EXPECT_EQ(request(inside.pid(), signal, 1), 0);
        }
        return testing::Test::HasFailure() ? 1 : 0;
    });
    EXPECT_EQ(writer.wait(), 0);
    EXPECT_EQ(counters()["EPERM"], 8U);
    EXPECT_EQ(counters()["sent"], 4U);
}

} // namespace
} // namespace sig2pid::vm
