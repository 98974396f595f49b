// SPDX-License-Identifier: BSD-2-Clause
// The texts that selection reads: locks, mounts and groups, directory entries, regular expressions.
#include "lib/cgroup.hpp"
#include "lib/proc.hpp"
#include "lib/proc_locks.hpp"
#include "lib/proc_scan.hpp"
#include "lib/regex.hpp"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

TEST(ProcLocks, ReadsTheHolderAndTheFile) {
    const auto lock = proc::parse_lock("1: FLOCK  ADVISORY  WRITE 359 fd:1a:11691 0 EOF");
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock->holder, 359);
    EXPECT_EQ(lock->major, 0xFDU);
    EXPECT_EQ(lock->minor, 0x1AU);
    EXPECT_EQ(lock->inode, 11691U);
    EXPECT_EQ(proc::parse_lock("2: OFDLCK ADVISORY  READ -1 00:13:5 0 EOF").value().holder, -1);
}

TEST(ProcLocks, RefusesWaitersLeasesAndOtherText) {
    for (const char* text : {"", "1: -> FLOCK  ADVISORY  WRITE 359 00:13:1 0 EOF",
                             "1: LEASE  ACTIVE    READ  359 00:13:1 0 EOF", "1: FLOCK  ADVISORY  WRITE x 00:13:1 0 EOF",
                             "1: FLOCK  ADVISORY  WRITE 359 00:13 0 EOF", "FLOCK  ADVISORY  WRITE 359 00:13:1 0 EOF"}) {
        EXPECT_FALSE(proc::parse_lock(text)) << text;
    }
}

TEST(CgroupMounts, ReadsBothVersions) {
    const auto v2 = parse_cgroup_mount("36 35 0:29 / /sys/fs/cgroup\\040x rw,noatime shared:1 - cgroup2 none rw");
    ASSERT_TRUE(v2);
    EXPECT_TRUE(v2->is_v2);
    EXPECT_EQ(v2->point, "/sys/fs/cgroup x");
    const auto v1 = parse_cgroup_mount("37 35 0:30 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
    ASSERT_TRUE(v1);
    EXPECT_FALSE(v1->is_v2);
    EXPECT_EQ(v1->root, "/a");
    EXPECT_FALSE(parse_cgroup_mount("38 35 8:1 / / rw - ext4 /dev/sda rw"));
    EXPECT_FALSE(parse_cgroup_mount("38 35"));
}

TEST(Cgroups, HoldWhatIsInThemAndBelow) {
    const CgroupPlace group{{}, "/a/b", {}};
    EXPECT_TRUE(is_in_cgroup("0::/a/b\n", group));
    EXPECT_TRUE(is_in_cgroup("4:memory:/x\n0::/a/b/c\n", group));
    EXPECT_FALSE(is_in_cgroup("0::/a/bc\n", group));
    EXPECT_FALSE(is_in_cgroup("4:memory:/a/b\n0::/a\n", group)) << "another hierarchy";
    const CgroupPlace memory{"rw,memory", "/a", {}};
    EXPECT_TRUE(is_in_cgroup("4:memory:/a\n0::/\n", memory));
    EXPECT_FALSE(is_in_cgroup("4:cpu:/a\n0::/a\n", memory));
    EXPECT_TRUE(is_in_cgroup("0::/\n", {{}, "/", {}}));
}

TEST(Units, AreThoseOfTheSystemManager) {
    EXPECT_TRUE(is_in_unit("0::/system.slice/nginx.service\n", "nginx", 0));
    EXPECT_TRUE(is_in_unit("0::/system.slice/nginx.service/worker\n", "nginx.service", 0));
    EXPECT_TRUE(is_in_unit("1:name=systemd:/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1", 0));
    EXPECT_TRUE(is_in_unit("0::/user.slice/user-7.slice/session-1.scope\n", "user-7.slice", 0));
    EXPECT_FALSE(is_in_unit("0::/system.slice/nginx.service\n", "nginx.socket", 0));
    EXPECT_FALSE(is_in_unit("4:memory:/system.slice/nginx.service\n", "nginx", 0));
}

TEST(Units, ThatAUserMadeDoNotFoolRoot) {
    const char* const made = "0::/user.slice/user-7.slice/user@7.service/app.slice/nginx.service\n";
    EXPECT_FALSE(is_in_unit(made, "nginx", 0));
    EXPECT_TRUE(is_in_unit(made, "nginx", 7));
    EXPECT_FALSE(is_in_unit(made, "nginx", 8));
    EXPECT_FALSE(is_in_unit("0::/system.slice/x.service/system.slice/nginx.service\n", "nginx", 0));
}

/// An entry as getdents64(2) gives it.
std::string entry(const std::string& name) {
    const auto length = static_cast<std::uint16_t>((19 + name.size() + 1 + 7) / 8 * 8);
    std::string bytes(length, '\0');
    std::memcpy(bytes.data() + 16, &length, sizeof length);
    std::memcpy(bytes.data() + 19, name.data(), name.size());
    return bytes;
}

TEST(ProcEntries, AreThoseWithNumbers) {
    std::vector<pid_t> found;
    const auto collect = [&](pid_t pid) { found.push_back(pid); };
    EXPECT_TRUE(
        proc::parse_entries(entry(".") + entry("1") + entry("self") + entry("4194304") + entry("12x"), collect));
    EXPECT_EQ(found, (std::vector<pid_t>{1, 4'194'304}));
}

TEST(ProcEntries, RefuseCutText) {
    const std::string whole = entry("1234");
    for (std::size_t size = 1; size < whole.size(); ++size) {
        EXPECT_FALSE(proc::parse_entries(whole.substr(0, size), [](pid_t) { ADD_FAILURE(); })) << size;
    }
    EXPECT_FALSE(proc::parse_entries(std::string(24, '\0'), [](pid_t) { ADD_FAILURE(); })) << "of no length";
}

TEST(ProcStat, ReadsParentGroupSessionTerminalAndThreads) {
    const auto stat = proc::parse_stat("7 (a b) S 2 3 4 34816 -1 2097152 1 2 3 4 5 6 7 8 20 0 9 0 10 11\n");
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->parent, 2);
    EXPECT_EQ(stat->group, 3);
    EXPECT_EQ(stat->session, 4);
    EXPECT_EQ(stat->tty, 34816);
    EXPECT_EQ(stat->flags, 0x00200000U);
    EXPECT_EQ(stat->threads, 9U);
    EXPECT_EQ(stat->start_time, 10U);
}

TEST(ProcFdInfo, TellsHowManyNamespacesDown) {
    EXPECT_EQ(proc::parse_fdinfo("Pid:\t17\nNSpid:\t17\t1\n").value().depth, 2U);
    EXPECT_EQ(proc::parse_fdinfo("Pid:\t17\n").value().depth, 0U);
}

TEST(Regex, PointsAtWhatIsWrong) {
    EXPECT_EQ(Regex::compile("a(b").error().column, 4U);
    EXPECT_EQ(Regex::compile("a(b").error().reason, Reason::bad_input);
    EXPECT_EQ(Regex::compile("[z-a]").error().column, 4U);
}

TEST(Regex, FindsInBytesOfAnyKind) {
    const auto regex = Regex::compile("b\\xff.c").value();
    EXPECT_TRUE(regex->is_found_in("ab\xff\ncd").value_or(true) == false) << "a dot is no newline";
    EXPECT_TRUE(regex->is_found_in(std::string_view("ab\xff\0cd", 6)).value());
}

TEST(Regex, StopsWhenItWouldTakeTooLong) {
    const auto regex = Regex::compile("(a+)+$").value();
    EXPECT_EQ(regex->is_found_in(std::string(200, 'a') + "b").error().code, ELOOP);
}

TEST(Regex, TakesLongText) {
    EXPECT_TRUE(Regex::compile("^x+z$").value()->is_found_in(std::string(1'000'000, 'x') + "z").value());
}

} // namespace
} // namespace sig2pid
