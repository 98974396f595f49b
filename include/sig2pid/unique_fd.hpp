// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <utility>

namespace sig2pid {

/// Owns one file descriptor, or none (-1). Closes it on destruction.
class UniqueFd {
public:
    UniqueFd() noexcept = default;

    /// Takes ownership of `fd`; -1 owns nothing.
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}

    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}

    /// Swaps through a temporary: the old descriptor is closed last, and moving into itself is harmless.
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        UniqueFd taken(std::move(other));
        swap(taken);
        return *this;
    }

    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd();

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    void swap(UniqueFd& other) noexcept { std::swap(fd_, other.fd_); }

private:
    int fd_ = -1;
};

} // namespace sig2pid
