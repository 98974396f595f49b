// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/fork_bomb.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

namespace sig2pid::test {

Fuse::Fuse() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = UniqueFd(ends[0]);
    writer_ = UniqueFd(ends[1]);
}

bool Fuse::is_out() {
    writer_ = UniqueFd();
    pollfd entry{reader_.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&entry, 1, 10'000) == 1 && ::read(reader_.get(), &byte, 1) == 0;
}

namespace {

int fork_bomb_of(int depth, const std::function<void()>& ready) {
    ready();
    for (int i = 0; i < depth; ++i) {
        static_cast<void>(::fork()); // parent and child both go on
    }
    ::alarm(60); // who escapes does not stay for ever
    for (;;) {
        ::pause();
    }
}

} // namespace

int fork_bomb(const std::function<void()>& ready) {
    return fork_bomb_of(7, ready); // 2^7 processes, each the parent of up to 7
}

int heavy_fork_bomb(const std::function<void()>& ready) {
    constexpr std::size_t size = 96U << 20U;
    constexpr std::size_t page = 4096;
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    ::madvise(memory, size, MADV_NOHUGEPAGE); // whose table is short
    for (std::size_t at = 0; at < size; at += page) {
        static_cast<volatile char*>(memory)[at] = 1;
    }
    return fork_bomb_of(4, ready);
}

Child::Body fork_bomb_in(const ControlGroup& group) {
    return [&group](const std::function<void()>& ready) {
        group.enter();
        return fork_bomb(ready);
    };
}

} // namespace sig2pid::test
