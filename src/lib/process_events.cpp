// SPDX-License-Identifier: BSD-2-Clause
#include "lib/process_events.hpp"

#include "lib/number.hpp"
#include "lib/syscalls.hpp"

#include <array>
#include <ctime>
#include <fcntl.h>
#include <string_view>

namespace sig2pid {
namespace {

constexpr std::size_t most_events = std::size_t{1} << 18U; // 3 MiB
constexpr pid_t most_pids = 4096;                          ///< who were more are sooner found by a walk

std::int64_t now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

std::int64_t boot_time_now() {
    return now(CLOCK_BOOTTIME);
}

ProcessEvents::ProcessEvents(int proc) {
    if (Result<ProcConnector> connector = ProcConnector::listen()) {
        connector_.emplace(std::move(*connector));
        return;
    }
    // The first is exact, in this PID namespace; it is not in every kernel, and the second is made up in some
    // containers.
    for (const char* name : {"sys/kernel/ns_last_pid", "loadavg"}) {
        last_pid_file_ = UniqueFd(sys::calls().openat(proc, name, O_RDONLY));
        if (const std::optional<pid_t> last = last_pid()) {
            last_pid_ = *last;
            break;
        }
    }
}

void ProcessEvents::update() {
    if (log_.size() > most_events) {
        lose();
    }
    connector_ ? update_by_connector() : update_by_last_pid();
}

void ProcessEvents::update_by_connector() {
    const std::int64_t offset = now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
    ProcessEvent event;
    for (std::size_t count = 0; count < most_events; ++count) { // they may come faster than they are read
        switch (connector_->read(event)) {
        case ProcConnector::Read::event:
            event.time += offset;
            log_.push_back(event);
            break;
        case ProcConnector::Read::other:
            break;
        case ProcConnector::Read::lost:
            lose();
            break;
        case ProcConnector::Read::nothing:
            return;
        }
    }
}

void ProcessEvents::update_by_last_pid() {
    const pid_t last = last_pid().value_or(last_pid_);
    if (last < last_pid_ || last - last_pid_ > most_pids) {
        lose();
    } else {
        for (pid_t pid = last_pid_ + 1; pid <= last; ++pid) {
            log_.push_back({ProcessEvent::What::birth, pid, 0, 0});
        }
    }
    last_pid_ = last;
}

/// The number that ends the file.
std::optional<pid_t> ProcessEvents::last_pid() const {
    std::array<char, 128> buffer{};
    const ssize_t count = last_pid_file_ ? sys::calls().pread(last_pid_file_.get(), buffer, 0) : -1;
    std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    text = text.substr(0, text.find('\n'));
    return parse_number<pid_t>(text.substr(text.rfind(' ') + 1)); // npos + 1 is 0
}

/// Moves on, so that no position from before is known any more.
void ProcessEvents::lose() {
    has_lost_ = true;
    first_ = position() + 1;
    log_.clear();
}

std::optional<std::span<const ProcessEvent>> ProcessEvents::since(Position from) const noexcept {
    return from < first_ ? std::nullopt : std::optional(std::span(log_).subspan(from - first_));
}

std::vector<pid_t> born_in(std::span<const ProcessEvent> events) {
    std::vector<pid_t> born;
    for (const ProcessEvent& event : events) {
        if (event.what == ProcessEvent::What::birth) {
            born.push_back(event.pid);
        }
    }
    return born;
}

} // namespace sig2pid
