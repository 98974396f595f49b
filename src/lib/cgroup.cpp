// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cgroup.hpp"

#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/syscalls.hpp"
#include "lib/words.hpp"

#include <cerrno>
#include <fcntl.h>
#include <vector>

namespace sig2pid {
namespace {

/// Cuts `text` at the first `separator`; what is before it.
std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        if (take_until(list, ',') == word) {
            return true;
        }
    }
    return false;
}

/// mountinfo writes blanks, newlines and backslashes as three octal digits.
std::string unescape_octal(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto code =
            text.front() == '\\' && text.size() >= 4 ? parse_number<unsigned>(text.substr(1, 3), 8) : std::nullopt;
        result += code ? static_cast<char>(*code) : text.front();
        text.remove_prefix(code ? 4 : 1);
    }
    return result;
}

bool is_at_or_below(std::string_view path, std::string_view base) {
    return base == "/" || (path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/'));
}

/// The part of `path` below `base`, with its slash; empty for `base` itself.
std::string_view below(std::string_view path, std::string_view base) {
    return base == "/" ? (path == "/" ? std::string_view() : path) : path.substr(base.size());
}

std::string join(std::string_view base, std::string_view rest) {
    std::string path = base == "/" ? std::string() : std::string(base);
    path += rest;
    return path.empty() ? "/" : path;
}

Result<std::vector<CgroupMount>> read_mounts() {
    std::vector<CgroupMount> mounts;
    Result<std::string> text = proc::read_long_file(AT_FDCWD, "/proc/self/mountinfo");
    if (!text) {
        return forward_error(text);
    }
    std::string_view rest = *text;
    while (!rest.empty()) {
        if (std::optional<CgroupMount> mount = parse_cgroup_mount(proc::take_line(rest))) {
            mounts.push_back(std::move(*mount));
        }
    }
    return mounts;
}

bool is_directory(const std::string& path) {
    struct stat file{};
    return sys::calls().fstatat(AT_FDCWD, path.c_str(), file) == 0 && S_ISDIR(file.st_mode);
}

CgroupPlace place_at(const CgroupMount& mount, std::string_view in_file_system) {
    const std::string_view rest = below(in_file_system, mount.point);
    return {mount.is_v2 ? std::string() : mount.options, join(mount.root, rest), std::string(in_file_system)};
}

std::optional<CgroupPlace> find_in_file_system(const std::vector<CgroupMount>& mounts, const std::string& path) {
    const CgroupMount* best = nullptr;
    for (const CgroupMount& mount : mounts) {
        if (is_at_or_below(path, mount.point) && (best == nullptr || mount.point.size() > best->point.size())) {
            best = &mount;
        }
    }
    return best != nullptr && is_directory(path) ? std::optional(place_at(*best, path)) : std::nullopt;
}

/// The hierarchy that a bare path is of.
const CgroupMount* main_hierarchy(const std::vector<CgroupMount>& mounts) {
    const CgroupMount* best = nullptr;
    for (const CgroupMount& mount : mounts) {
        if (mount.is_v2) {
            return &mount;
        }
        if (has_word(mount.options, "name=systemd")) {
            best = &mount;
        }
    }
    return best;
}

std::string_view without_trailing_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

/// Whether each line's path is wanted: `0::/path`, `4:memory:/path`.
template <typename Wanted> bool any_line(std::string_view text, Wanted&& wanted) {
    while (!text.empty()) {
        std::string_view line = proc::take_line(text);
        take_until(line, ':');
        const std::string_view controllers = take_until(line, ':');
        if (wanted(controllers, line)) {
            return true;
        }
    }
    return false;
}

bool is_slice(std::string_view name) {
    return name.ends_with(".slice");
}

/// Cuts the slices off the front; whether `unit` was among them or is the first thing that is none.
bool take_unit(std::string_view& path, std::string_view unit) {
    while (!path.empty()) {
        const std::string_view name = take_until(path, '/');
        if (name == unit) {
            return true;
        }
        if (!name.empty() && !is_slice(name)) {
            return false;
        }
    }
    return false;
}

bool is_path_of_unit(std::string_view path, std::string_view unit, uid_t user) {
    if (user == 0) {
        return take_unit(path, unit);
    }
    const std::string manager = "/user@" + std::to_string(user) + ".service/";
    const std::size_t start = path.find(manager);
    std::string_view own = start == std::string_view::npos ? std::string_view() : path.substr(start + manager.size());
    return take_unit(path, unit) || take_unit(own, unit);
}

} // namespace

std::optional<CgroupMount> parse_cgroup_mount(std::string_view line) {
    for (int i = 0; i < 3; ++i) {
        proc::take_word(line); // mount, parent, device
    }
    CgroupMount mount;
    mount.root = unescape_octal(proc::take_word(line));
    mount.point = unescape_octal(proc::take_word(line));
    while (!line.empty() && proc::take_word(line) != "-") {
    }
    const std::string_view type = proc::take_word(line);
    proc::take_word(line); // source
    mount.options = proc::take_word(line);
    mount.is_v2 = type == "cgroup2";
    const bool good = (mount.is_v2 || type == "cgroup") && mount.root.starts_with('/') && mount.point.starts_with('/');
    return good ? std::optional(std::move(mount)) : std::nullopt;
}

Result<CgroupPlace> find_cgroup(std::string_view text) {
    const std::string path(without_trailing_slashes(text));
    Result<std::vector<CgroupMount>> mounts = read_mounts();
    if (!mounts) {
        return forward_error(mounts);
    }
    if (auto place = find_in_file_system(*mounts, path)) {
        return *place;
    }
    const CgroupMount* mount = main_hierarchy(*mounts);
    const bool dots = (path + "/").contains("/../");
    if (mount != nullptr && !dots && is_at_or_below(path, mount->root)) {
        CgroupPlace place = place_at(*mount, join(mount->point, below(path, mount->root)));
        if (is_directory(place.directory)) {
            return place;
        }
    }
    return failure(ENOENT, "find cgroup", "no cgroup '" + path + "'", Reason::bad_input);
}

bool is_in_cgroup(std::string_view text, const CgroupPlace& place) {
    return any_line(text, [&](std::string_view controllers, std::string_view path) {
        const std::string_view first = controllers.substr(0, controllers.find(','));
        const bool same = place.is_v2() ? controllers.empty() : !first.empty() && has_word(place.controllers, first);
        return same && is_at_or_below(path, place.path);
    });
}

std::string_view v2_path_in(std::string_view text) {
    std::string_view found;
    any_line(text, [&](std::string_view controllers, std::string_view path) {
        found = controllers.empty() ? path : found;
        return controllers.empty();
    });
    return found;
}

bool tells_frozen(std::string_view events) {
    while (!events.empty()) {
        if (proc::take_line(events) == "frozen 1") {
            return true;
        }
    }
    return false;
}

bool is_in_unit(std::string_view text, std::string_view unit, uid_t user) {
    const std::string name = unit.contains('.') ? std::string(unit) : std::string(unit) + ".service";
    return any_line(text, [&](std::string_view controllers, std::string_view path) {
        return (controllers.empty() || controllers == "name=systemd") && is_path_of_unit(path, name, user);
    });
}

} // namespace sig2pid
