// SPDX-License-Identifier: BSD-2-Clause
// Files that come in pieces, as /proc/self/mountinfo with a hundred mounts does, and files that cannot be read.
#include "helpers/scoped_calls.hpp"
#include "lib/cgroup.hpp"
#include "lib/proc.hpp"
#include "lib/users.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

constexpr std::size_t piece = 50;

class LongFiles : public testing::Test {
protected:
    LongFiles() {
        calls_.table.pread = [](int fd, std::span<char> buffer, off_t offset) {
            return sys::kernel_calls().pread(fd, buffer.first(std::min(buffer.size(), piece)), offset);
        };
    }

    void fail_to_read() {
        calls_.table.pread = [](int, std::span<char>, off_t) -> ssize_t { return -EIO; };
    }

    test::ScopedCalls calls_;
};

TEST_F(LongFiles, AreReadToTheirEnd) {
    const std::string text = proc::read_long_file(AT_FDCWD, "/proc/self/mountinfo").value();
    EXPECT_GT(text.size(), piece);
    EXPECT_TRUE(text.ends_with('\n'));
    EXPECT_EQ(find_user("nobody").value(), 65534U);
    EXPECT_EQ(user_name(65534), "nobody");
}

TEST_F(LongFiles, ShowAGroupWhoseMountComesLate) {
    const Result<CgroupPlace> root = find_cgroup("/");
    if (!root) {
        GTEST_SKIP() << "needs a mounted hierarchy of control groups";
    }
    EXPECT_EQ(root->path, "/");
}

TEST_F(LongFiles, AreNotEmptyWhenTheyCannotBeRead) {
    fail_to_read();
    EXPECT_EQ(find_user("nobody").error().code, EIO);
    EXPECT_EQ(find_user("4711").value(), 4711U) << "a number needs no file";
    EXPECT_EQ(find_cgroup("/").error().code, EIO);
    EXPECT_NE(find_cgroup("/").error().message().find("mountinfo"), std::string::npos);
}

TEST_F(LongFiles, HaveALimit) {
    calls_.table.pread = [](int, std::span<char> buffer, off_t) { return static_cast<ssize_t>(buffer.size()); };
    EXPECT_EQ(proc::read_long_file(AT_FDCWD, "/dev/zero").error().code, EFBIG);
}

} // namespace
} // namespace sig2pid
