// SPDX-License-Identifier: BSD-2-Clause
#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace sig2pid::proc {
namespace {

constexpr std::size_t first_size = 4096;
constexpr std::size_t largest_size = std::size_t{1} << 20;
constexpr std::size_t largest_list = std::size_t{64} << 20;

std::unexpected<Error> read_failure(ssize_t count) {
    const Reason reason = count == -ESRCH ? Reason::gone : Reason::unspecified;
    return failure(static_cast<int>(-count), "read", {}, reason);
}

Result<UniqueFd> open_to_read(int dirfd, const std::string& path) {
    const int fd = sys::calls().openat(dirfd, path.c_str(), O_RDONLY);
    if (fd < 0) {
        return failure(-fd, "open", "cannot open " + path, fd == -ESRCH ? Reason::gone : Reason::unspecified);
    }
    return UniqueFd(fd);
}

Result<std::string> read_to_end(int fd) {
    std::string text;
    std::size_t size = 0;
    while (size < largest_list) {
        text.resize(std::max(2 * size, first_size));
        const ssize_t count = sys::calls().pread(fd, std::span(text).subspan(size), static_cast<off_t>(size));
        if (count < 0) {
            return read_failure(count);
        }
        size += static_cast<std::size_t>(count);
        if (count == 0) {
            text.resize(size);
            return text;
        }
    }
    return failure(EFBIG, "read");
}

} // namespace

Result<std::string> read_whole(int fd) {
    std::string text;
    // A short read is the whole record. After a full one the file is read again with more room: reading on would
    // join two states of it.
    for (std::size_t size = first_size; size <= largest_size; size *= 2) {
        text.resize(size);
        const ssize_t count = sys::calls().pread(fd, text, 0);
        if (count < 0) {
            return read_failure(count);
        }
        if (static_cast<std::size_t>(count) < size) {
            text.resize(static_cast<std::size_t>(count));
            return text;
        }
    }
    return failure(EFBIG, "read", "a file of /proc is larger than 1 MiB");
}

Result<std::string> read_file(int dirfd, const std::string& path) {
    Result<UniqueFd> file = open_to_read(dirfd, path);
    return file ? read_whole(file->get()) : forward_error(file);
}

Result<std::string> read_long_file(int dirfd, const std::string& path) {
    Result<UniqueFd> file = open_to_read(dirfd, path);
    if (!file) {
        return forward_error(file);
    }
    Result<std::string> text = read_to_end(file->get());
    if (!text) {
        text.error().context = "cannot read " + path + ": " + std::strerror(text.error().code);
    }
    return text;
}

Result<pid_t> pid_in_proc(int pidfd) {
    // thread-self: a thread may have its own descriptor table, and the main thread may have ended.
    Result<std::string> text = read_file(AT_FDCWD, "/proc/thread-self/fdinfo/" + std::to_string(pidfd));
    if (!text) {
        return forward_error(text);
    }
    Result<FdInfo> info = parse_fdinfo(*text);
    if (!info) {
        return forward_error(info);
    }
    if (info->pid < 0) {
        return failure(ESRCH, "fdinfo", "the process is gone", Reason::gone);
    }
    if (info->pid == 0) {
        return failure(EINVAL, "fdinfo", "the process is in a PID namespace that the mounted /proc does not show",
                       Reason::foreign_namespace);
    }
    return info->pid;
}

namespace {

/// Whether the mounted /proc numbers processes as this one does: then a pin's own number is that of its directory.
bool is_own_proc() {
    std::array<char, 16> self{};
    const ssize_t count = sys::calls().readlinkat(AT_FDCWD, "/proc/self", self);
    return count > 0 && parse_number<pid_t>({self.data(), static_cast<std::size_t>(count)}) == ::getpid();
}

/// The process must be there after the open: then the directory was its own.
Result<UniqueFd> open_of(int dirfd, const std::string& directory, const Process& process, std::string_view file,
                         int flags) {
    const std::string path = directory + "/" + std::string(file);
    const int fd = sys::calls().openat(dirfd, path.c_str(), flags);
    UniqueFd owner(fd);
    const Result<ProcessState> state = process.state();
    if (state && *state == ProcessState::gone) {
        return failure(ESRCH, "open", "the process is gone", Reason::gone);
    }
    if (fd < 0) {
        return failure(-fd, "open", "cannot open " + path);
    }
    return owner;
}

} // namespace

Result<UniqueFd> open_file(const Process& process, std::string_view file, int flags) {
    Result<pid_t> pid = is_own_proc() ? Result<pid_t>(process.pid()) : pid_in_proc(process.fd());
    return pid ? open_of(AT_FDCWD, "/proc/" + std::to_string(*pid), process, file, flags) : forward_error(pid);
}

Result<UniqueFd> open_file_in(int proc, const Process& process, std::string_view file, int flags) {
    return open_of(proc, std::to_string(process.pid()), process, file, flags);
}

} // namespace sig2pid::proc
