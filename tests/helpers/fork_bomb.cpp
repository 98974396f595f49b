// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/fork_bomb.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
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

int fork_bomb(const std::function<void()>& ready) {
    constexpr int depth = 7; // 2^7 processes, each the parent of up to 7
    ready();
    for (int i = 0; i < depth; ++i) {
        static_cast<void>(::fork()); // parent and child both go on
    }
    for (;;) {
        ::pause();
    }
}

Child::Body fork_bomb_in(const ControlGroup& group) {
    return [&group](const std::function<void()>& ready) {
        group.enter();
        return fork_bomb(ready);
    };
}

} // namespace sig2pid::test
