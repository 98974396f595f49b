// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/signal_status.hpp>

#include "lib/number.hpp"
#include "lib/proc.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

namespace sig2pid {
namespace {

Result<SignalStatus> parse_signals(const std::string& text) {
    Result<proc::Status> status = proc::parse_status(text);
    if (!status) {
        return forward_error(status);
    }
    return status->signals;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// Whether the thread blocks the signal. One that has just ended blocks nothing and takes nothing: true.
bool thread_blocks(int task_dir, const std::string& thread, Signal signal) {
    const Result<std::string> text = proc::read_file(task_dir, thread + "/status");
    if (!text) {
        return true;
    }
    const Result<SignalStatus> status = parse_signals(*text);
    return !status || status->blocked.contains(signal);
}

} // namespace

Result<StatusReader> StatusReader::open(const Process& process) {
    Result<UniqueFd> fd = proc::open_file(process, "status", O_RDONLY);
    if (!fd) {
        return forward_error(fd);
    }
    return StatusReader(std::move(*fd));
}

Result<SignalStatus> StatusReader::read() const {
    Result<std::string> text = proc::read_whole(fd_.get());
    if (!text) {
        return forward_error(text);
    }
    return parse_signals(*text);
}

Result<SignalStatus> signal_status(const Process& process) {
    Result<StatusReader> reader = StatusReader::open(process);
    if (!reader) {
        return forward_error(reader);
    }
    return reader->read();
}

Result<bool> is_blocked_everywhere(const Process& process, const SignalStatus& status, Signal signal) {
    if (!status.blocked.contains(signal)) {
        return false;
    }
    if (status.threads <= 1) {
        return true;
    }
    Result<UniqueFd> fd = proc::open_file(process, "task", O_RDONLY | O_DIRECTORY);
    if (!fd) {
        return forward_error(fd);
    }
    const Directory directory(::fdopendir(fd->get()));
    if (!directory) {
        return failure(errno, "fdopendir");
    }
    const int task_dir = fd->release();
    while (const dirent* entry = ::readdir(directory.get())) {
        if (parse_number<pid_t>(entry->d_name) && !thread_blocks(task_dir, entry->d_name, signal)) {
            return false;
        }
    }
    return true;
}

} // namespace sig2pid
