// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace sig2pid {

/// A control group of version 2 whose processes do not run, and so do not fork, while this object lives: what is
/// selected of it is all there is. It thaws with this object, unless it was frozen before. Linux 5.2.
class FrozenCgroup {
public:
    /// Freezes the group that `path` names as a `cgroup:` condition does, and waits until all of it stands still.
    /// \return ENOENT/bad_input: no such group; EOPNOTSUPP/unsupported: it is of version 1, or the root; EDEADLK: this
    /// process is in it; EACCES/no_permission; ETIMEDOUT: a process of it is asleep in the kernel, and all go on;
    /// ECANCELED/cancelled: `cancel_fd` is readable, as WaitOptions::cancel_fd, within a twentieth of a second.
    [[nodiscard]] static Result<FrozenCgroup> freeze(const std::string& path, std::chrono::milliseconds timeout,
                                                     int cancel_fd = -1);

    FrozenCgroup(FrozenCgroup&&) noexcept = default;
    FrozenCgroup& operator=(FrozenCgroup&& other) noexcept;
    ~FrozenCgroup();

    /// How many processes are in it and below, those of other PID namespaces too.
    [[nodiscard]] Result<std::size_t> count() const;

    /// Sends SIGKILL to all of them at once, by cgroup.kill, also to those of other PID namespaces. Linux 5.14;
    /// before, ENOENT.
    [[nodiscard]] Result<> kill();

private:
    FrozenCgroup(UniqueFd directory, std::string path) : directory_(std::move(directory)), path_(std::move(path)) {}

    void thaw() noexcept;

    UniqueFd directory_;
    std::string path_;
    UniqueFd to_thaw_; ///< cgroup.freeze; none when it was frozen before
};

} // namespace sig2pid
