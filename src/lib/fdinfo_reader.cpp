// SPDX-License-Identifier: BSD-2-Clause
#include "lib/fdinfo_reader.hpp"

#include "lib/syscalls.hpp"

#include <fcntl.h>

namespace sig2pid {

Result<> FdInfoReader::open(int pidfd) {
    UniqueFd slot(sys::calls().dup_cloexec(pidfd));
    if (!slot) {
        return failure(-slot.get(), "dup");
    }
    // thread-self: a thread may have its own descriptor table, and the main thread may have ended.
    const std::string path = "thread-self/fdinfo/" + std::to_string(slot.get());
    UniqueFd file(sys::calls().openat(proc_, path.c_str(), O_RDONLY));
    if (!file) {
        return failure(-file.get(), "open", "cannot open /proc/" + path);
    }
    slot_ = std::move(slot);
    file_ = std::move(file);
    return {};
}

Result<> FdInfoReader::turn_to(int pidfd) {
    if (!file_) {
        return open(pidfd);
    }
    const int status = sys::calls().dup_onto(pidfd, slot_.get());
    return status < 0 ? Result<>(failure(-status, "dup")) : Result<>();
}

Result<proc::FdInfo> FdInfoReader::read(int pidfd) {
    if (Result<> turned = turn_to(pidfd); !turned) {
        return forward_error(turned);
    }
    const ssize_t count = sys::calls().pread(file_.get(), buffer_, 0);
    if (count < 0) {
        return failure(static_cast<int>(-count), "read fdinfo");
    }
    if (count < std::ssize(buffer_)) {
        return proc::parse_fdinfo({buffer_.data(), static_cast<std::size_t>(count)});
    }
    const Result<std::string> text = proc::read_whole(file_.get()); // somebody's locks on the pidfd are told there too
    return text ? proc::parse_fdinfo(*text) : std::unexpected(text.error());
}

} // namespace sig2pid
