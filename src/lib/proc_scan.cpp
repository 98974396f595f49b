// SPDX-License-Identifier: BSD-2-Clause
#include "lib/proc_scan.hpp"

#include "lib/number.hpp"
#include "lib/syscalls.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace sig2pid::proc {
namespace {

// struct linux_dirent64 of getdents64(2): inode, offset, length, type, then the name and its zero byte.
constexpr std::size_t length_offset = 16;
constexpr std::size_t name_offset = 19;

constexpr std::size_t buffer_size = std::size_t{64} * 1024;

std::uint16_t read_length(std::string_view entry) {
    std::uint16_t length = 0;
    std::memcpy(&length, entry.data() + length_offset, sizeof length);
    return length;
}

} // namespace

bool parse_entries(std::string_view buffer, const std::function<void(pid_t)>& found) {
    while (!buffer.empty()) {
        const std::size_t length = buffer.size() > name_offset ? read_length(buffer) : 0;
        if (length <= name_offset || length > buffer.size()) {
            return false;
        }
        const std::string_view padded = buffer.substr(name_offset, length - name_offset);
        if (const auto number = parse_number<pid_t>(padded.substr(0, padded.find('\0'))); number && *number >= 0) {
            found(*number);
        }
        buffer.remove_prefix(length);
    }
    return true;
}

Result<NumberList> NumberList::open(int directory) {
    // A second open file, so that the position is its own.
    const int fd = sys::calls().openat(directory, ".", O_RDONLY | O_DIRECTORY);
    return fd < 0 ? Result<NumberList>(failure(-fd, "open directory")) : NumberList(UniqueFd(fd));
}

/// The kernel lets one thread at a time read a directory and move its position.
Result<bool> NumberList::read(std::span<char> buffer, const std::function<void(pid_t)>& found) const {
    const ssize_t count = sys::calls().getdents(directory_.get(), buffer);
    if (count <= 0) {
        return count == 0 ? Result<bool>(false) : failure(static_cast<int>(-count), "getdents64");
    }
    if (!parse_entries({buffer.data(), static_cast<std::size_t>(count)}, found)) {
        return failure(EBADMSG, "getdents64");
    }
    return true;
}

Result<> for_each_number(int directory, const std::function<void(pid_t)>& found) {
    Result<NumberList> list = NumberList::open(directory);
    if (!list) {
        return forward_error(list);
    }
    std::vector<char> buffer(buffer_size);
    Result<bool> going_on = true;
    while (going_on && *going_on) {
        going_on = list->read(buffer, found);
    }
    return going_on ? Result<>() : forward_error(going_on);
}

Result<UniqueFd> open_proc() {
    const int fd = sys::calls().openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return failure(-fd, "open /proc", std::string("cannot open /proc: ") + std::strerror(-fd));
    }
    UniqueFd owner(fd);
    std::array<char, 16> self{};
    const ssize_t count = sys::calls().readlinkat(fd, "self", self);
    if (count <= 0) {
        return failure(ENOENT, "read /proc/self", "/proc is not mounted, or belongs to another PID namespace");
    }
    if (parse_number<pid_t>({self.data(), static_cast<std::size_t>(count)}) != ::getpid()) {
        return failure(EXDEV, "read /proc/self", "the mounted /proc belongs to another PID namespace",
                       Reason::foreign_namespace);
    }
    return owner;
}

} // namespace sig2pid::proc
