// SPDX-License-Identifier: BSD-2-Clause
// The descriptor by which a caller calls off what takes time: see WaitOptions::cancel_fd.
#pragma once

#include <sig2pid/error.hpp>

#include <string>

namespace sig2pid {

/// Whether it is readable, or closed at its other end, or none at all. -1: never.
[[nodiscard]] bool is_cancelled(int cancel_fd);

/// ECANCELED/cancelled.
[[nodiscard]] std::unexpected<Error> cancelled(std::string operation, std::string context = "it was called off");

} // namespace sig2pid
