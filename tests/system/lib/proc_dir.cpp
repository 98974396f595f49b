// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/confined.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;

UniqueFd open_directory(const std::string& path, int flags = O_RDONLY) {
    return UniqueFd(::open(path.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
}

TEST(ProcDir, IsTheProcessItShows) {
    const Child child(test::pause_at_defaults);
    for (const int flags : {O_RDONLY, O_PATH}) {
        const UniqueFd directory = open_directory("/proc/" + std::to_string(child.pid()), flags);
        const Result<Process> process = Process::from_proc_dir(directory.get());
        ASSERT_TRUE(process) << process.error().message();
        EXPECT_EQ(process->inode(), child.process().inode());
    }
}

TEST(ProcDir, OfADeadProcessIsGone) {
    Child child(test::pause_at_defaults);
    const UniqueFd directory = open_directory("/proc/" + std::to_string(child.pid()));
    ::kill(child.pid(), SIGKILL);
    child.wait();
    EXPECT_EQ(Process::from_proc_dir(directory.get()).error().reason, Reason::gone);
}

TEST(ProcDir, RefusesOtherDirectories) {
    EXPECT_EQ(Process::from_proc_dir(open_directory("/").get()).error().code, ENOTDIR);
    EXPECT_FALSE(Process::from_proc_dir(open_directory("/proc").get()));
    EXPECT_EQ(Process::from_proc_dir(-1).error().code, EBADF);
}

TEST(ProcDir, TakesTheMainThreadsDirectoryForTheProcess) {
    const std::string pid = std::to_string(::getpid());
    EXPECT_EQ(Process::from_proc_dir(open_directory("/proc/" + pid + "/task/" + pid).get()).value().pid(), ::getpid());
}

enum MountFinding { mount_refused, cannot_mount, mount_accepted };

/// A second /proc numbers its processes by its own namespace: not to be mixed with the first.
int look_through_another_mount(const std::function<void()>&) {
    char path[] = "/tmp/sig2pid-proc-XXXXXX";
    if (!test::have_own_mounts() || ::mkdtemp(path) == nullptr || ::mount("proc", path, "proc", 0, nullptr) != 0) {
        return cannot_mount;
    }
    const UniqueFd directory = open_directory(std::string(path) + "/" + std::to_string(::getpid()));
    const Result<Process> process = Process::from_proc_dir(directory.get());
    ::umount2(path, MNT_DETACH);
    ::rmdir(path);
    return !process && process.error().code == EXDEV ? mount_refused : mount_accepted;
}

TEST(ProcDir, RefusesAnotherMountOfProc) {
    Child child(look_through_another_mount);
    const int finding = child.wait();
    if (finding == cannot_mount) {
        GTEST_SKIP() << "mounting a second /proc needs CAP_SYS_ADMIN";
    }
    EXPECT_EQ(finding, mount_refused);
}

} // namespace
} // namespace sig2pid
