// SPDX-License-Identifier: BSD-2-Clause
#include "lib/facts.hpp"

#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>

namespace sig2pid {
namespace {

constexpr std::array<std::string_view, 6> file_names = {"comm", "stat", "status", "cmdline", "environ", "cgroup"};
constexpr std::size_t first_size = 4096;
constexpr std::size_t largest_size = std::size_t{16} << 20; // arguments of a program are at most a quarter of its stack

/// "PID/NAME", without an allocation: there may be tens of thousands of them.
class Path {
public:
    Path(pid_t pid, std::string_view name) noexcept {
        char* end = std::to_chars(text_.data(), text_.data() + text_.size(), pid).ptr;
        *end++ = '/';
        *std::copy_n(name.data(), std::min(name.size(), longest_name), end) = '\0';
    }

    [[nodiscard]] const char* c_str() const noexcept { return text_.data(); }

private:
    static constexpr std::size_t longest_name = 32;
    std::array<char, longest_name + 16> text_{};
};

} // namespace

void Facts::look_at(pid_t pid) noexcept {
    for (Slot& slot : slots_) {
        slot.fd = UniqueFd();
        slot.lent = -1;
    }
    pid_ = pid;
    look_again();
}

void Facts::look_again() noexcept {
    for (Slot& slot : slots_) {
        slot.is_read = false;
    }
    slots_[environ_file].fd = UniqueFd(); // shows the memory that it was opened on, exited or replaced
    stat_.reset();
    status_.reset();
    error_ = 0;
}

bool Facts::is_gone() const noexcept {
    return error_ == ENOENT || error_ == ESRCH;
}

bool Facts::open(Slot& slot, std::string_view name) {
    if (slot.fd || slot.lent >= 0) {
        return true;
    }
    const int fd = sys::calls().openat(proc_, Path(pid_, name).c_str(), O_RDONLY);
    if (fd < 0) {
        error_ = -fd;
        return false;
    }
    slot.fd = UniqueFd(fd);
    return true;
}

/// Reads from the start until less comes than there is room for; joined reads would mix two states.
bool Facts::fill(Slot& slot) {
    for (std::size_t room = std::max(slot.buffer.size(), first_size); room <= largest_size; room *= 2) {
        slot.buffer.resize(room);
        const ssize_t count = sys::calls().pread(slot.lent >= 0 ? slot.lent : slot.fd.get(), slot.buffer, 0);
        if (count < 0) {
            error_ = static_cast<int>(-count);
            return false;
        }
        if (static_cast<std::size_t>(count) < room) {
            slot.size = static_cast<std::size_t>(count);
            return true;
        }
    }
    error_ = EFBIG;
    return false;
}

std::optional<std::string_view> Facts::read(File file) {
    Slot& slot = slots_[file];
    if (!slot.is_read) {
        slot.is_read = open(slot, file_names[file]) && fill(slot);
    }
    return slot.is_read ? std::optional(std::string_view(slot.buffer.data(), slot.size)) : std::nullopt;
}

std::optional<std::string_view> Facts::comm() {
    std::optional<std::string_view> text = read(comm_file);
    if (text && text->ends_with('\n')) {
        text->remove_suffix(1);
    }
    return text;
}

template <typename T>
const T* Facts::parsed(std::optional<T>& kept, File file, Result<T> (*parse)(std::string_view text)) {
    if (!kept) {
        const auto text = read(file);
        if (!text) {
            return nullptr;
        }
        const Result<T> parsed = parse(*text);
        if (!parsed) {
            error_ = parsed.error().code;
            return nullptr;
        }
        kept = *parsed;
    }
    return &*kept;
}

const proc::Stat* Facts::stat() {
    return parsed(stat_, stat_file, proc::parse_stat);
}

const proc::Status* Facts::status() {
    return parsed(status_, status_file, proc::parse_status);
}

std::optional<std::string_view> Facts::command_line() {
    return read(cmdline_file);
}

std::optional<std::string_view> Facts::environment() {
    return read(environ_file);
}

std::optional<std::string_view> Facts::cgroups() {
    return read(cgroup_file);
}

std::optional<std::string> Facts::executable() {
    std::string path(first_size, '\0');
    const ssize_t count = sys::calls().readlinkat(proc_, Path(pid_, "exe").c_str(), path);
    if (count < 0) {
        error_ = static_cast<int>(-count);
        return std::nullopt;
    }
    path.resize(static_cast<std::size_t>(count));
    return path;
}

std::optional<Facts::FileId> Facts::id_of(std::string_view name) {
    struct stat file{};
    if (const int status = sys::calls().fstatat(proc_, Path(pid_, name).c_str(), file); status < 0) {
        error_ = -status;
        return std::nullopt;
    }
    return FileId{file.st_dev, file.st_ino};
}

std::optional<Facts::FileId> Facts::executable_id() {
    return id_of("exe");
}

std::optional<Facts::FileId> Facts::root() {
    return id_of("root");
}

std::optional<Facts::FileId> Facts::name_space(std::string_view kind) {
    return id_of("ns/" + std::string(kind));
}

std::unexpected<Error> cannot_look_at(pid_t pid, int code) {
    const std::string hint = code == EMFILE ? ": raise the limit (ulimit -n)" : "";
    return failure(code, "read /proc",
                   "cannot look at process " + std::to_string(pid) + ": " + std::strerror(code) + hint);
}

} // namespace sig2pid
