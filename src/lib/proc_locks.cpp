// SPDX-License-Identifier: BSD-2-Clause
#include "lib/proc_locks.hpp"

#include "lib/number.hpp"
#include "lib/words.hpp"

namespace sig2pid::proc {
namespace {

/// MAJOR:MINOR:INODE, the first two in hexadecimal.
bool read_file_id(std::string_view text, FileLock& out) {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos) {
        return false;
    }
    const auto major = parse_number<unsigned>(text.substr(0, first), 16);
    const auto minor = parse_number<unsigned>(text.substr(first + 1, second - first - 1), 16);
    const auto inode = parse_number<std::uint64_t>(text.substr(second + 1));
    out.major = major.value_or(0);
    out.minor = minor.value_or(0);
    out.inode = inode.value_or(0);
    return major && minor && inode;
}

} // namespace

// fs/locks.c, lock_get_status(): "1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF", "->" after the number for a waiter.
std::optional<FileLock> parse_lock(std::string_view line) noexcept {
    const std::string_view number = take_word(line);
    const std::string_view type = take_word(line);
    if (!number.ends_with(':') || (type != "POSIX" && type != "FLOCK" && type != "OFDLCK")) {
        return std::nullopt;
    }
    take_word(line); // ADVISORY
    take_word(line); // READ or WRITE
    FileLock lock;
    const std::optional<pid_t> holder = parse_number<pid_t>(take_word(line));
    if (!holder || !read_file_id(take_word(line), lock)) {
        return std::nullopt;
    }
    lock.holder = *holder;
    return lock;
}

} // namespace sig2pid::proc
