// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/frozen_cgroup.hpp>

#include "lib/cancel.hpp"
#include "lib/cgroup.hpp"
#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/syscalls.hpp"
#include "lib/words.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <vector>

namespace sig2pid {
namespace {

std::unexpected<Error> cannot(const std::string& path, int code, const std::string& why) {
    const Reason reason = code == EACCES || code == EPERM || code == EROFS ? Reason::no_permission
                          : code == EOPNOTSUPP                             ? Reason::unsupported
                                                                           : Reason::unspecified;
    return failure(code, "freeze cgroup", "cgroup '" + path + "': " + why, reason);
}

bool write_to(int fd, std::string_view text) {
    return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

constexpr std::int64_t longest_pause_ms = 50; ///< between two looks at whether it is called off

/// Waits for the kernel to say so; each change of the file is an exceptional condition on it.
Result<> wait_until_frozen(const std::string& path, int events, std::chrono::milliseconds timeout, int cancel_fd) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const Result<std::string> text = proc::read_whole(events);
        if (!text) {
            return std::unexpected(text.error());
        }
        if (tells_frozen(*text)) {
            return {};
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (left <= 0) {
            return cannot(path, ETIMEDOUT, "a process of it is asleep in the kernel and cannot be frozen");
        }
        if (is_cancelled(cancel_fd)) {
            return cancelled("freeze cgroup");
        }
        static_cast<void>(sys::calls().poll(events, POLLPRI,
                                            static_cast<int>(cancel_fd < 0 ? left : std::min(left, longest_pause_ms))));
    }
}

Result<CgroupPlace> find_freezable(const std::string& path) {
    Result<CgroupPlace> place = find_cgroup(path);
    if (!place) {
        return place;
    }
    if (!place->is_v2()) {
        return cannot(path, EOPNOTSUPP,
                      "is of version 1, which cannot be frozen by all users of its processes at once");
    }
    const Result<std::string> own = proc::read_file(AT_FDCWD, "/proc/self/cgroup");
    if (!own || is_in_cgroup(*own, *place)) {
        return cannot(path, EDEADLK, "holds sig2pid itself, which would freeze with it");
    }
    return place;
}

UniqueFd open_in(int directory, const char* name, int flags) {
    return UniqueFd(sys::calls().openat(directory, name, flags));
}

/// The groups right below.
Result<std::vector<std::string>> children_of(int directory) {
    const int fd = sys::calls().openat(directory, ".", O_RDONLY | O_DIRECTORY);
    DIR* const stream = fd < 0 ? nullptr : ::fdopendir(fd);
    if (stream == nullptr) {
        return failure(fd < 0 ? -fd : errno, "open cgroup");
    }
    std::vector<std::string> names;
    errno = 0; // an end leaves it so
    while (const dirent* entry = ::readdir(stream)) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
            names.emplace_back(entry->d_name);
        }
    }
    const int code = errno;
    ::closedir(stream);
    return code == 0 ? Result<std::vector<std::string>>(std::move(names)) : failure(code, "read cgroup");
}

Result<std::size_t> count_in(int directory) {
    const Result<std::string> text = proc::read_long_file(directory, "cgroup.procs");
    Result<std::vector<std::string>> children = children_of(directory);
    if (!text || !children) {
        return std::unexpected(text ? children.error() : text.error());
    }
    auto count = static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n'));
    for (const std::string& name : *children) {
        const UniqueFd child = open_in(directory, name.c_str(), O_RDONLY | O_DIRECTORY);
        const Result<std::size_t> below = count_in(child.get());
        if (!below) {
            return below;
        }
        count += *below;
    }
    return count;
}

} // namespace

Result<FrozenCgroup> FrozenCgroup::freeze(const std::string& path, std::chrono::milliseconds timeout, int cancel_fd) {
    if (is_cancelled(cancel_fd)) {
        return cancelled("freeze cgroup");
    }
    Result<CgroupPlace> place = find_freezable(path);
    if (!place) {
        return forward_error(place);
    }
    UniqueFd directory = open_in(AT_FDCWD, place->directory.c_str(), O_RDONLY | O_DIRECTORY);
    const UniqueFd events = open_in(directory.get(), "cgroup.events", O_RDONLY);
    const int switch_fd = sys::calls().openat(directory.get(), "cgroup.freeze", O_RDWR);
    UniqueFd freezer(switch_fd);
    if (!freezer || !events) {
        return cannot(path, switch_fd < 0 ? -switch_fd : ENOENT,
                      std::string("cannot be frozen: ") + std::strerror(switch_fd < 0 ? -switch_fd : ENOENT));
    }
    FrozenCgroup frozen(std::move(directory), path);
    const Result<std::string> before = proc::read_whole(freezer.get());
    if (!before || !before->starts_with('1')) {
        if (!write_to(freezer.get(), "1")) {
            return cannot(path, errno, std::string("cannot be frozen: ") + std::strerror(errno));
        }
        frozen.to_thaw_ = std::move(freezer);
    }
    if (Result<> still = wait_until_frozen(path, events.get(), timeout, cancel_fd); !still) {
        return forward_error(still);
    }
    return frozen;
}

FrozenCgroup& FrozenCgroup::operator=(FrozenCgroup&& other) noexcept {
    FrozenCgroup taken(std::move(other));
    directory_.swap(taken.directory_);
    path_.swap(taken.path_);
    to_thaw_.swap(taken.to_thaw_);
    return *this;
}

FrozenCgroup::~FrozenCgroup() {
    thaw();
}

void FrozenCgroup::thaw() noexcept {
    if (to_thaw_) {
        write_to(to_thaw_.get(), "0");
        to_thaw_ = UniqueFd();
    }
}

Result<std::size_t> FrozenCgroup::count() const {
    return count_in(directory_.get());
}

Result<> FrozenCgroup::kill() {
    const int fd = sys::calls().openat(directory_.get(), "cgroup.kill", O_WRONLY);
    const UniqueFd owner(fd);
    if (fd < 0) {
        return cannot(path_, -fd, std::string("has no cgroup.kill: ") + std::strerror(-fd));
    }
    if (!write_to(fd, "1")) {
        return cannot(path_, errno, std::string("cannot be killed: ") + std::strerror(errno));
    }
    return {};
}

} // namespace sig2pid
