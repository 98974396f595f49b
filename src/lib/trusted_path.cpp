// SPDX-License-Identifier: BSD-2-Clause
#include "lib/trusted_path.hpp"

#include "lib/syscalls.hpp"

#include <sig2pid/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <ranges>
#include <unistd.h>
#include <vector>

namespace sig2pid {
namespace {

constexpr int most_links = 40; // MAXSYMLINKS of the kernel

std::unexpected<Error> cannot(const std::string& place, int code) {
    return failure(code, "follow path", "'" + place + "': " + std::strerror(code));
}

/// A directory that others may write to lets them put another file in the place, unless it is sticky.
Result<> check_directory(const std::string& place, const struct stat& directory) {
    const std::string which = "the directory '" + place + "' on its way ";
    if (is_foreign(directory)) {
        return failure(EPERM, "follow path",
                       which + "belongs to user " + std::to_string(directory.st_uid) + ", who could replace it",
                       Reason::bad_input);
    }
    if (others_may_write(directory) && (directory.st_mode & S_ISVTX) == 0) {
        return failure(EPERM, "follow path", which + "may be written to by others, who could replace it",
                       Reason::bad_input);
    }
    return {};
}

/// In a sticky directory nobody can replace the link of another, but everybody can make one.
Result<> check_link(const std::string& place, const struct stat& link) {
    if (!is_foreign(link)) {
        return {};
    }
    return failure(EPERM, "follow path",
                   "the link '" + place + "' on its way belongs to user " + std::to_string(link.st_uid),
                   Reason::bad_input);
}

/// Where somebody who follows a path is. Each step starts at an open directory: what was checked is what is used.
class Walk {
public:
    Result<struct stat> follow(const std::string& path) {
        push(path);
        for (Result<> entered = enter_root();; entered = step()) {
            if (!entered) {
                return forward_error(entered);
            }
            if (ahead_.empty()) {
                return file_;
            }
        }
    }

private:
    /// Puts the parts of a path before those that are ahead.
    void push(std::string_view path) {
        const std::size_t before = ahead_.size();
        for (const auto part : std::views::split(path, '/')) {
            if (!part.empty()) {
                ahead_.emplace_back(part.begin(), part.end());
            }
        }
        std::ranges::reverse(ahead_.begin() + static_cast<std::ptrdiff_t>(before), ahead_.end());
    }

    Result<> enter_root() {
        place_.clear();
        return enter("/", UniqueFd(sys::calls().openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY)));
    }

    Result<> enter(std::string place, UniqueFd directory) {
        if (const int status = sys::calls().fstat(directory.get(), file_); status < 0) {
            return cannot(place, -status);
        }
        directory_ = std::move(directory);
        place_ = place == "/" ? "" : std::move(place);
        return check_directory(place_.empty() ? "/" : place_, file_);
    }

    /// Takes the next part of the path.
    Result<> step() {
        const std::string part = std::move(ahead_.back());
        ahead_.pop_back();
        std::string place = place_ + "/" + part;
        const int fd = sys::calls().openat(directory_.get(), part.c_str(), O_PATH | O_NOFOLLOW);
        if (fd < 0) {
            return cannot(place, -fd);
        }
        UniqueFd file(fd);
        if (const int status = sys::calls().fstat(fd, file_); status < 0) {
            return cannot(place, -status);
        }
        if (S_ISLNK(file_.st_mode)) {
            return follow_link(place, file);
        }
        if (S_ISDIR(file_.st_mode)) {
            return enter(std::move(place), std::move(file));
        }
        return ahead_.empty() ? Result<>() : cannot(place, ENOTDIR);
    }

    Result<> follow_link(const std::string& place, const UniqueFd& link) {
        if (Result<> good = check_link(place, file_); !good) {
            return good;
        }
        std::array<char, PATH_MAX> text{};
        const ssize_t size = sys::calls().readlinkat(link.get(), "", text);
        if (size <= 0 || ++links_ > most_links) {
            return cannot(place, size <= 0 ? static_cast<int>(-size) : ELOOP);
        }
        push({text.data(), static_cast<std::size_t>(size)});
        return text.front() == '/' ? enter_root() : Result<>();
    }

    UniqueFd directory_;
    std::string place_;              ///< its name; empty for the root
    std::vector<std::string> ahead_; ///< the parts still to take, the next one last
    struct stat file_{};             ///< of what the last step led to
    int links_ = 0;
};

} // namespace

bool is_foreign(const struct stat& file) {
    return file.st_uid != 0 && file.st_uid != ::geteuid();
}

bool others_may_write(const struct stat& file) {
    return (file.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

Result<struct stat> follow_trusted(const std::string& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    return error ? Result<struct stat>(cannot(path, error.value())) : Walk().follow(whole.string());
}

} // namespace sig2pid
