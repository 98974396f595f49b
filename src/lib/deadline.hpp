// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/wait.hpp>

#include <algorithm>

namespace sig2pid {

/// None is later than any.
[[nodiscard]] inline Deadline earlier(Deadline left, Deadline right) {
    return left && right ? std::min(*left, *right) : left ? left : right;
}

[[nodiscard]] inline bool has_come(Deadline moment) {
    return moment && std::chrono::steady_clock::now() >= *moment;
}

} // namespace sig2pid
