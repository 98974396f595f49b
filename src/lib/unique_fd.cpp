// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/unique_fd.hpp>

#include <cerrno>
#include <unistd.h>

namespace sig2pid {

UniqueFd::~UniqueFd() {
    if (fd_ >= 0) {
        const int saved = errno;
        // Not retried on EINTR: Linux has released the number already.
        static_cast<void>(::close(fd_));
        errno = saved;
    }
}

} // namespace sig2pid
