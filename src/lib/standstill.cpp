// SPDX-License-Identifier: BSD-2-Clause
#include "lib/standstill.hpp"

#include "lib/cgroup.hpp"
#include "lib/proc.hpp"
#include "lib/threads.hpp"

#include <sig2pid/signal_status.hpp>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <thread>

namespace sig2pid {
namespace {

using Clock = std::chrono::steady_clock;

// A page that is read from a disk takes less; a child of vfork(2) that is stopped itself never lets its parent go.
constexpr std::chrono::milliseconds sleep_patience{20};
constexpr std::chrono::microseconds pause{100};
constexpr std::chrono::milliseconds long_pause{1}; ///< after that patience

constexpr std::string_view at_rest = "TtZX";
constexpr std::string_view at_rest_or_asleep = "TtZXD"; // uninterruptibly

/// Whether all threads are in one of the states. Who is gone, or hides, moves no more than we can see.
bool stands_still(const Process& process, std::string_view states) {
    const Result<SignalStatus> status = signal_status(process);
    if (!status) {
        return true;
    }
    if (!states.contains(status->state)) {
        return false;
    }
    const auto is_still = [&](int thread_dir) { return states.contains(thread_state(thread_dir)); };
    return status->threads <= 1 || every_thread(process, is_still).value_or(true);
}

/// Whether its control group of version 2 is frozen by somebody: it sleeps, and takes the SIGSTOP when it thaws.
bool is_in_frozen_group(const Process& process) {
    const Result<UniqueFd> file = proc::open_file(process, "cgroup", O_RDONLY);
    const Result<std::string> text = file ? proc::read_whole(file->get()) : std::unexpected(file.error());
    const std::string_view path = text ? v2_path_in(*text) : std::string_view();
    const Result<CgroupPlace> place = path.empty() ? failure(ENOENT, "find cgroup") : find_cgroup(path);
    if (!place || !place->is_v2()) {
        return false;
    }
    const Result<std::string> events = proc::read_file(AT_FDCWD, place->directory + "/cgroup.events");
    return events && tells_frozen(*events);
}

} // namespace

// Nobody but its parent is told that a process has stopped: the others can only look.
bool await_standstill(const Process& process, Deadline until, const std::function<bool()>& called_off) {
    const auto start = Clock::now();
    for (auto now = start; (!until || now < *until) && !(called_off && called_off()); now = Clock::now()) {
        const bool is_soon = now - start < sleep_patience;
        if (stands_still(process, is_soon ? at_rest : at_rest_or_asleep) || (!is_soon && is_in_frozen_group(process))) {
            return true;
        }
        std::this_thread::sleep_for(is_soon ? pause : long_pause);
    }
    return false;
}

} // namespace sig2pid
