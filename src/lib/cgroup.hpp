// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace sig2pid {

/// A control group: where its files are, and how /proc/PID/cgroup writes it.
struct CgroupPlace {
    std::string controllers; ///< of its hierarchy as mounted, joined by commas; empty: version 2
    std::string path;        ///< as in /proc/PID/cgroup
    std::string directory;   ///< in the file system

    [[nodiscard]] bool is_v2() const noexcept { return controllers.empty(); }
};

/// A mount of control groups, a line of /proc/self/mountinfo.
struct CgroupMount {
    bool is_v2 = false;
    std::string root;  ///< the group that is mounted, "/" as a rule
    std::string point; ///< where
    std::string options;
};

/// Nothing for other file systems and for text of another form.
[[nodiscard]] std::optional<CgroupMount> parse_cgroup_mount(std::string_view line);

/// Finds a group by its path: from the root of the hierarchy of version 2 (without one: systemd's), or in the file
/// system, of any hierarchy. ENOENT/bad_input when there is none.
[[nodiscard]] Result<CgroupPlace> find_cgroup(std::string_view path);

/// Whether the text of a /proc/PID/cgroup says that the process is in the group or below it.
[[nodiscard]] bool is_in_cgroup(std::string_view text, const CgroupPlace& place);

/// The group of version 2 in that text; empty when it names none.
[[nodiscard]] std::string_view v2_path_in(std::string_view text);

/// Whether the text of a cgroup.events says that all of the group stands still.
[[nodiscard]] bool tells_frozen(std::string_view events);

/// Whether the text says that the process belongs to a unit of systemd's system manager, or, for `user` other than
/// root, of that user's manager. A group of that name that somebody made elsewhere does not count.
[[nodiscard]] bool is_in_unit(std::string_view text, std::string_view unit, uid_t user);

} // namespace sig2pid
