// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid {
namespace {

UniqueFd open_something() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, OwnsNothingByDefault) {
    const UniqueFd fd;
    EXPECT_FALSE(fd);
    EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesOnDestruction) {
    int number = -1;
    {
        const UniqueFd fd = open_something();
        number = fd.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, ReleaseGivesTheDescriptorAway) {
    UniqueFd fd = open_something();
    const int number = fd.release();
    EXPECT_FALSE(fd);
    fd = UniqueFd();
    EXPECT_TRUE(is_open(number));
    ::close(number);
}

TEST(UniqueFd, AssignmentClosesTheOldOne) {
    UniqueFd fd = open_something();
    const int old = fd.get();
    UniqueFd other = open_something();
    const int kept = other.get();
    fd = std::move(other);
    EXPECT_EQ(fd.get(), kept);
    EXPECT_FALSE(is_open(old));
    EXPECT_TRUE(is_open(kept));
}

TEST(UniqueFd, MovingIntoItselfKeepsTheDescriptor) {
    UniqueFd fd = open_something();
    const int number = fd.get();
    UniqueFd& alias = fd;
    fd = std::move(alias);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, ClosingLeavesErrnoAlone) {
    errno = ENOENT;
    {
        const UniqueFd invalid(1'000'000);
    }
    EXPECT_EQ(errno, ENOENT);
}

} // namespace
} // namespace sig2pid
