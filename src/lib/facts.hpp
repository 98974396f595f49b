// SPDX-License-Identifier: BSD-2-Clause
// What /proc tells about one process, read when asked for and once.
#pragma once

#include "lib/proc.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sig2pid {

/// One object looks at many processes in turn and reuses its buffers.
///
/// The files stay open from the first look: read again after the process was pinned by its PID, they fail unless the
/// pinned process is the one first looked at. What is opened by path at every look (executable, environment,
/// namespaces) is only to be believed when the pin is not gone afterwards.
class Facts {
public:
    struct FileId {
        dev_t device = 0;
        ino_t inode = 0;
        friend bool operator==(const FileId&, const FileId&) = default;
    };

    /// `proc` is /proc and stays the caller's.
    explicit Facts(int proc) noexcept : proc_(proc) {}

    /// Turns to another process: nothing is read or open.
    void look_at(pid_t pid) noexcept;

    /// Forgets what was read, so that it is read again.
    void look_again() noexcept;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Gives away the open file of comm(), which shows this process and never another; empty when there is none.
    [[nodiscard]] UniqueFd take_comm_file() noexcept { return std::exchange(slots_[comm_file].fd, UniqueFd()); }

    /// comm() is to be read from this file of the process, which stays the caller's. -1: from its own.
    void lend_comm_file(int fd) noexcept { slots_[comm_file].lent = fd; }

    /// Whether comm() has been read since.
    [[nodiscard]] bool has_comm() const noexcept { return slots_[comm_file].is_read; }

    // Each gives nothing when it cannot be read, and error() then says why.
    [[nodiscard]] std::optional<std::string_view> comm();
    [[nodiscard]] const proc::Stat* stat();
    [[nodiscard]] const proc::Status* status();
    [[nodiscard]] std::optional<std::string_view> command_line(); ///< arguments, each with its zero byte
    [[nodiscard]] std::optional<std::string_view> environment();
    [[nodiscard]] std::optional<std::string_view> cgroups();
    [[nodiscard]] std::optional<std::string> executable(); ///< the path, " (deleted)" after one that is gone
    [[nodiscard]] std::optional<FileId> executable_id();
    [[nodiscard]] std::optional<FileId> root(); ///< its root directory
    [[nodiscard]] std::optional<FileId> name_space(std::string_view kind);

    /// errno of what failed last: ENOENT and ESRCH for a process that is gone, EACCES and EPERM for what is not ours to
    /// see, EBADMSG for text that the kernel does not write.
    [[nodiscard]] int error() const noexcept { return error_; }

    /// Whether the last failure was that the process is gone.
    [[nodiscard]] bool is_gone() const noexcept;

private:
    enum File : std::uint8_t { comm_file, stat_file, status_file, cmdline_file, environ_file, cgroup_file, file_count };

    struct Slot {
        UniqueFd fd;
        int lent = -1; ///< to be read in its place
        std::vector<char> buffer;
        std::size_t size = 0;
        bool is_read = false;
    };

    [[nodiscard]] std::optional<std::string_view> read(File file);
    template <typename T>
    [[nodiscard]] const T* parsed(std::optional<T>& kept, File file, Result<T> (*parse)(std::string_view text));
    [[nodiscard]] bool open(Slot& slot, std::string_view name);
    [[nodiscard]] bool fill(Slot& slot);
    [[nodiscard]] std::optional<FileId> id_of(std::string_view name);

    int proc_;
    pid_t pid_ = 0;
    int error_ = 0;
    std::array<Slot, file_count> slots_;
    std::optional<proc::Stat> stat_;
    std::optional<proc::Status> status_;
};

/// For what facts could not be read of a process for a shortage of our own.
[[nodiscard]] std::unexpected<Error> cannot_look_at(pid_t pid, int code);

} // namespace sig2pid
