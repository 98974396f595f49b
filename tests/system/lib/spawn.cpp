// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"

#include <sig2pid/receiver.hpp>
#include <sig2pid/signal_status.hpp>

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid {
namespace {

/// The exit status of a spawned child, waited for by its pidfd.
int status_of_exit(const Process& child) {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(child.fd()), &info, WEXITED), 0);
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

Result<Process> spawn(const std::vector<std::string>& argv, const SpawnOptions& options = {}) {
    return Process::spawn(argv, options);
}

TEST(Spawn, PinsAChildFromBirth) {
    const Result<Process> child = spawn({"sh", "-c", "exit 7"});
    ASSERT_TRUE(child) << child.error().message();
    EXPECT_EQ(Process::from_token(child->token()).value().pid(), child->pid());
    EXPECT_EQ(status_of_exit(*child), 7);
    EXPECT_EQ(child->state(), ProcessState::gone);
}

TEST(Spawn, ReportsWhyAProgramCannotRunAndLeavesNoChild) {
    EXPECT_EQ(spawn({"/no/such/program"}).error().code, ENOENT);
    EXPECT_FALSE(spawn({"no-such-program-in-path"})) << "ENOENT, or EACCES for a directory of PATH";
    EXPECT_EQ(spawn({"/dev/null"}).error().code, EACCES);
    EXPECT_EQ(spawn({}).error().code, EINVAL);
    EXPECT_EQ(spawn({""}).error().code, EINVAL);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Spawn, StartsTheChildWithNothingBlockedUnlessAsked) {
    const Receiver receiver = Receiver::make({Signal(SIGUSR1)}).value();
    const Process open = spawn({"sleep", "60"}).value();
    EXPECT_TRUE(signal_status(open).value().blocked.empty());
    const Process blocking = spawn({"sleep", "60"}, {.blocked = {Signal(SIGUSR2)}}).value();
    EXPECT_EQ(signal_status(blocking).value().blocked, SignalSet{Signal(SIGUSR2)});
    for (const Process* child : {&open, &blocking}) {
        ::kill(child->pid(), SIGKILL);
        EXPECT_EQ(status_of_exit(*child), 128 + SIGKILL);
    }
}

TEST(Spawn, LeaksNoDescriptor) {
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Process child = spawn({"sh", "-c", "test ! -e /proc/$$/fd/" + std::to_string(file.get())}).value();
    EXPECT_EQ(status_of_exit(child), 0);
}

} // namespace
} // namespace sig2pid
