// SPDX-License-Identifier: BSD-2-Clause
#include "lib/standstill.hpp"

#include "lib/threads.hpp"

#include <sig2pid/signal_status.hpp>

#include <string_view>
#include <thread>

namespace sig2pid {
namespace {

using Clock = std::chrono::steady_clock;

// A page that is read from a disk takes less; a child of vfork(2) that is stopped itself never lets its parent go.
constexpr std::chrono::milliseconds sleep_patience{20};
constexpr std::chrono::microseconds pause{100};

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

} // namespace

bool await_standstill(const Process& process, Deadline until, const std::function<bool()>& called_off) {
    const auto start = Clock::now();
    for (auto now = start; (!until || now < *until) && !(called_off && called_off()); now = Clock::now()) {
        if (stands_still(process, now - start < sleep_patience ? at_rest : at_rest_or_asleep)) {
            return true;
        }
        std::this_thread::sleep_for(pause);
    }
    return false;
}

} // namespace sig2pid
