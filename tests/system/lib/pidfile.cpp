// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/scoped_calls.hpp"
#include "helpers/selected.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace sig2pid {
namespace {

using test::Child;

class Pidfile : public testing::Test {
protected:
    Pidfile() {
        ::umask(022);
        std::filesystem::create_directory(directory_);
        std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    }
    ~Pidfile() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& text) const { std::ofstream(path_) << text; }

    [[nodiscard]] Result<ProcessSet> select(PidfileLock lock) const {
        SelectOptions options;
        options.pidfile_lock = lock;
        return test::select_by({"pidfile:" + path_}, options);
    }

    [[nodiscard]] Error error(PidfileLock lock = PidfileLock::any) const {
        const Result<ProcessSet> set = select(lock);
        if (!set) {
            return set.error();
        }
        return set->misses().empty() ? Error{} : set->misses()[0].error;
    }

    [[nodiscard]] pid_t named(PidfileLock lock = PidfileLock::any) const {
        const Result<ProcessSet> set = select(lock);
        return set && set->size() == 1 ? (*set)[0].pid : 0;
    }

    std::string directory_ = "/tmp/" + test::own_name("pidfile");
    std::string path_ = directory_ + "/daemon.pid";
};

TEST_F(Pidfile, NamesTheProcessThatWroteIt) {
    const Child child(test::pause_at_defaults);
    for (const char* end : {"", "\n", " \n"}) {
        write(std::to_string(child.pid()) + end);
        EXPECT_EQ(named(), child.pid());
    }
    EXPECT_EQ(resolve(Target::parse("pidfile:" + path_).value()).value().pid(), child.pid());
}

TEST_F(Pidfile, NeverNamesWhoAsksNorTheParent) {
    for (const pid_t own : {::getpid(), ::getppid()}) {
        if (own == 1) {
            continue; // it has a refusal of its own
        }
        write(std::to_string(own));
        EXPECT_EQ(named(), 0);
        EXPECT_NE(error().message().find("sig2pid itself and its ancestors"), std::string::npos) << error().message();
        EXPECT_EQ(resolve(Target::parse("pidfile:" + path_).value()).error().code, EPERM);
        EXPECT_EQ(test::pids_by("pidfile:" + path_ + "," + std::to_string(own)), std::vector<pid_t>{own})
            << "the PID was typed too";
    }
}

TEST_F(Pidfile, RefusesWhatIsNotOnePid) {
    for (const char* text : {"", "\n", "x", "12x", "-1", "0", "1", "1 2", "99999999", "4194305", "12\n13\n"}) {
        write(text);
        EXPECT_EQ(error().reason, Reason::bad_input) << "'" << text << "'";
        EXPECT_EQ(error().code, EINVAL) << "'" << text << "'";
    }
    write("12" + std::string(100, ' '));
    EXPECT_EQ(error().code, EINVAL);
}

TEST_F(Pidfile, RefusesAFileThatOthersMayWrite) {
    const Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    for (const mode_t mode : {0664U, 0646U, 0666U}) {
        ::chmod(path_.c_str(), mode);
        EXPECT_EQ(error().code, EPERM) << mode;
        EXPECT_EQ(error().reason, Reason::bad_input);
    }
    ::chmod(path_.c_str(), 0644);
    EXPECT_EQ(named(), child.pid());
    ::chmod(directory_.c_str(), 0777);
    EXPECT_EQ(error().code, EPERM) << "others may replace the file";
    ::chmod(directory_.c_str(), 01777);
    EXPECT_EQ(named(), child.pid()) << "in a sticky directory they may not";
}

TEST_F(Pidfile, RefusesAFileOfAnotherUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "giving a file away needs root";
    }
    const Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(error().code, EPERM);
    ASSERT_EQ(::chown(path_.c_str(), 0, 0), 0);
    ASSERT_EQ(::chown(directory_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(error().code, EPERM);
}

/// Why a pidfile names nobody; no error where it names somebody.
Error error_of(const std::string& path) {
    const Result<ProcessSet> set = test::select_by({"pidfile:" + path});
    if (!set) {
        return set.error();
    }
    return set->misses().empty() ? Error{} : set->misses()[0].error;
}

TEST_F(Pidfile, IsFollowedThroughLinksThatOnlyTheCallerMayChange) {
    const Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    const std::string link = directory_ + "/link";
    for (const std::string& goal : {std::string("daemon.pid"), path_, "../" + directory_.substr(5) + "/daemon.pid"}) {
        ASSERT_EQ(::symlink(goal.c_str(), link.c_str()), 0);
        EXPECT_EQ(test::pids_by("pidfile:" + link), std::vector<pid_t>{child.pid()}) << goal;
        ::unlink(link.c_str());
    }
    ASSERT_EQ(::symlink("link", link.c_str()), 0);
    EXPECT_EQ(error_of(link).code, ELOOP);
}

TEST_F(Pidfile, RefusesAWayThatOthersMayChange) {
    const Child child(test::pause_at_defaults);
    const std::string open = directory_ + "/open";
    const std::string inner = open + "/inner";
    std::filesystem::create_directories(inner);
    std::ofstream(inner + "/daemon.pid") << child.pid();
    const std::string link = directory_ + "/link";
    ASSERT_EQ(::symlink((inner + "/daemon.pid").c_str(), link.c_str()), 0);
    const std::string in_open = open + "/link";
    write(std::to_string(child.pid()));
    ASSERT_EQ(::symlink(path_.c_str(), in_open.c_str()), 0);
    for (const mode_t mode : {0777U, 0755U}) {
        ::chmod(open.c_str(), mode);
        for (const std::string& path : {inner + "/daemon.pid", link, in_open}) {
            EXPECT_EQ(error_of(path).code, mode == 0755U ? 0 : EPERM) << path;
        }
    }
}

TEST_F(Pidfile, RefusesTheLinkOfAnotherUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "giving a link away needs root";
    }
    const Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    const std::string link = directory_ + "-link"; // in /tmp, where everybody may make one
    ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
    EXPECT_EQ(test::pids_by("pidfile:" + link), std::vector<pid_t>{child.pid()});
    ASSERT_EQ(::lchown(link.c_str(), 65534, 65534), 0);
    const int code = error_of(link).code;
    EXPECT_TRUE(code == EPERM || code == EACCES) << code; // the kernel's own refusal, with fs.protected_symlinks
    ::unlink(link.c_str());
}

TEST_F(Pidfile, RefusesWhatIsNoFile) {
    EXPECT_EQ(error().code, ENOENT);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(error().code, EINVAL);
}

TEST_F(Pidfile, RefusesOneOlderThanTheProcess) {
    const Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    const auto now = std::filesystem::last_write_time(path_);
    std::filesystem::last_write_time(path_, now - std::chrono::seconds(2));
    EXPECT_EQ(error().reason, Reason::gone);
    EXPECT_NE(error().message().find("older"), std::string::npos);
}

TEST_F(Pidfile, OfAProcessThatIsGoneNamesNobody) {
    Child child(test::pause_at_defaults);
    write(std::to_string(child.pid()));
    ::kill(child.pid(), SIGKILL);
    child.wait();
    EXPECT_EQ(error().reason, Reason::gone);
}

/// Takes a lock of the file and keeps it.
template <typename Lock> Child::Body locking(const std::string& path, Lock&& lock) {
    return [path, lock](const std::function<void()>& ready) {
        const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        return lock(fd.get()) == 0 ? test::pause_at_defaults(ready) : 1;
    };
}

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

TEST_F(Pidfile, LockedIsOneWithALockOfThatProcess) {
    write("");
    const Child by_flock(locking(path_, [](int fd) { return ::flock(fd, LOCK_EX); }));
    write(std::to_string(by_flock.pid()));
    EXPECT_EQ(named(PidfileLock::required), by_flock.pid());
    const Child other(test::pause_at_defaults);
    write(std::to_string(other.pid()));
    EXPECT_EQ(error(PidfileLock::required).reason, Reason::gone);
    EXPECT_EQ(named(), other.pid());
}

TEST_F(Pidfile, LockedByFcntlCountsToo) {
    write("");
    const Child by_fcntl(locking(path_, [](int fd) {
        struct flock lock = whole_file();
        return ::fcntl(fd, F_SETLK, &lock);
    }));
    write(std::to_string(by_fcntl.pid()));
    EXPECT_EQ(named(PidfileLock::required), by_fcntl.pid());
}

TEST_F(Pidfile, LockedThroughAnOpenFileDescriptionCountsToo) {
    write("");
    const Child by_description(locking(path_, [](int fd) {
        struct flock lock = whole_file();
        return ::fcntl(fd, F_OFD_SETLK, &lock);
    }));
    write(std::to_string(by_description.pid()));
    EXPECT_EQ(named(PidfileLock::required), by_description.pid());
}

/// Takes many locks, each of one byte with a free one behind it, on one processor: the list of all locks begins with
/// the newest of each.
int lock_many_bytes(int fd, std::size_t processor) {
    constexpr off_t count = 200;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    ::sched_setaffinity(0, sizeof set, &set);
    for (off_t i = 0; i < count; ++i) {
        struct flock lock = whole_file();
        lock.l_start = 2 * i;
        lock.l_len = 1;
        if (::fcntl(fd, F_SETLK, &lock) != 0) {
            return -1;
        }
    }
    return 0;
}

/// Takes the lock and leaves it to a descriptor of its child's: only the list of all locks tells who took it.
int lock_for_child(const std::string& path, const std::function<void()>& ready) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (::flock(fd.get(), LOCK_EX) != 0) {
        return 1;
    }
    const Child keeper([&](const auto& keeper_ready) {
        ready(); // closes this process's copy of what the test waits on
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        return test::pause_at_defaults(keeper_ready);
    });
    fd = UniqueFd();
    return test::pause_at_defaults(ready);
}

TEST_F(Pidfile, LockedCountsAmongAnyNumberOfOtherLocks) {
    write("");
    const Child locked([this](const auto& ready) { return lock_for_child(path_, ready); });
    const std::string other = directory_ + "/other";
    std::vector<std::unique_ptr<Child>> others;
    for (std::size_t i = 0; i < std::thread::hardware_concurrency(); ++i) {
        std::ofstream(other + std::to_string(i)).put('\n');
        others.push_back(std::make_unique<Child>(
            locking(other + std::to_string(i), [i](int fd) { return lock_many_bytes(fd, i); })));
    }
    write(std::to_string(locked.pid()));
    EXPECT_EQ(named(PidfileLock::required), locked.pid());
}

TEST_F(Pidfile, LockedIsNotDeniedWhereItCannotBeSeen) {
    write("");
    const Child child(locking(path_, [](int fd) { return ::flock(fd, LOCK_EX); }));
    write(std::to_string(child.pid()));
    test::ScopedCalls calls;
    calls.table.openat = [](int directory, const char* path, int flags) {
        return std::string_view(path) == "/proc/locks" ? -EACCES : sys::kernel_calls().openat(directory, path, flags);
    };
    EXPECT_EQ(error(PidfileLock::required).reason, Reason::no_permission);
}

TEST_F(Pidfile, LockedIsBetterProofThanTheTime) {
    write("");
    const Child child(locking(path_, [](int fd) { return ::flock(fd, LOCK_EX); }));
    write(std::to_string(child.pid()));
    const auto now = std::filesystem::last_write_time(path_);
    std::filesystem::last_write_time(path_, now - std::chrono::hours(2));
    EXPECT_EQ(named(PidfileLock::required), child.pid());
    EXPECT_EQ(named(), 0);
}

} // namespace
} // namespace sig2pid
