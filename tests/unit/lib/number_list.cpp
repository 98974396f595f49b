// SPDX-License-Identifier: BSD-2-Clause
#include "lib/divided.hpp"
#include "lib/proc_scan.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <vector>

namespace sig2pid::test {
namespace {

constexpr std::size_t many = 500;

TEST(NumberList, GivesEachNumberToOneOfTheThreadsThatReadIt) {
    const UniqueFd descriptors(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(descriptors);
    std::vector<UniqueFd> opened;
    while (opened.size() < many) {
        opened.emplace_back(fcntl(descriptors.get(), F_DUPFD_CLOEXEC, 0));
        ASSERT_TRUE(opened.back());
    }
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(opened.back().get()) + many);
    Result<proc::NumberList> list = proc::NumberList::open(descriptors.get());
    ASSERT_TRUE(list);
    std::atomic<int> pieces = 0;
    in_threads(4, [&](std::size_t) {
        std::array<char, 256> buffer{};
        Result<bool> going_on = true;
        while (going_on && *going_on) {
            going_on = list->read(buffer, [&](pid_t number) { ++seen.at(static_cast<std::size_t>(number)); });
            ++pieces;
        }
        EXPECT_TRUE(going_on);
    });
    for (const UniqueFd& fd : opened) {
        EXPECT_EQ(seen[static_cast<std::size_t>(fd.get())], 1) << fd.get();
    }
    EXPECT_GT(pieces, 40) << "a piece is what fits into the buffer";
}

TEST(NumberList, SaysWhyThereIsNone) {
    const UniqueFd file(open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
    const Result<proc::NumberList> none = proc::NumberList::open(file.get());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ENOTDIR);
}

TEST(NumberList, SaysWhyItCannotBeRead) {
    const UniqueFd directory(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const Result<proc::NumberList> list = proc::NumberList::open(directory.get());
    ASSERT_TRUE(list);
    std::array<char, 8> too_small{};
    const Result<bool> read = list->read(too_small, [](pid_t) { ADD_FAILURE(); });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, EINVAL);
}

} // namespace
} // namespace sig2pid::test
