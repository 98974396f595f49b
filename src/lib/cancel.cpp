// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cancel.hpp"

#include "lib/syscalls.hpp"

#include <cerrno>
#include <poll.h>

namespace sig2pid {

bool is_cancelled(int cancel_fd) {
    return cancel_fd >= 0 && sys::calls().poll(cancel_fd, POLLIN, 0) > 0;
}

std::unexpected<Error> cancelled(std::string operation, std::string context) {
    return failure(ECANCELED, std::move(operation), std::move(context), Reason::cancelled);
}

} // namespace sig2pid
