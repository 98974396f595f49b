// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace sig2pid::test {

/// A version 1 freezer cgroup with one process in it, frozen: in state D, which not even SIGKILL ends. Thawed with this
/// object.
class FrozenCgroup {
public:
    explicit FrozenCgroup(pid_t pid);
    ~FrozenCgroup();
    FrozenCgroup(const FrozenCgroup&) = delete;
    FrozenCgroup& operator=(const FrozenCgroup&) = delete;

    /// Why it cannot be made here; empty when it can.
    static std::string missing();

private:
    std::filesystem::path directory_;
};

} // namespace sig2pid::test
