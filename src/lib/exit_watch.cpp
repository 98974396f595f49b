// SPDX-License-Identifier: BSD-2-Clause
#include "lib/exit_watch.hpp"

#include "lib/proc_scan.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sys/epoll.h>

namespace sig2pid {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t cancel_mark = ~std::uint64_t{0};
constexpr std::uint64_t events_mark = cancel_mark - 1;
constexpr std::size_t batch = 256;

/// What epoll_wait(2) takes: -1 for ever, and rounded up, so that the time is over when it returns.
int milliseconds_until(Deadline until) {
    if (!until) {
        return -1;
    }
    const auto now = steady_clock::now();
    if (*until <= now) { // the difference to a very early moment would overflow
        return 0;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now).count();
    return static_cast<int>(std::min<decltype(left)>(left, INT_MAX));
}

bool is_over(Deadline until) {
    return until && steady_clock::now() >= *until;
}

std::unexpected<Error> watch_failure(int code) {
    if (code == ENOSPC) {
        return failure(code, "epoll_ctl", "too many processes to wait for: raise fs.epoll.max_user_watches");
    }
    return failure(code, "epoll_ctl", std::string("cannot wait for the descriptor: ") + std::strerror(code));
}

} // namespace

Result<ExitWatch> ExitWatch::make(int cancel_fd) {
    const int fd = sys::calls().epoll_create();
    if (fd < 0) {
        return failure(-fd, "epoll_create1");
    }
    ExitWatch watch{UniqueFd(fd)};
    if (Result<> added = cancel_fd >= 0 ? watch.add_fd(cancel_fd, cancel_mark) : Result<>(); !added) {
        return forward_error(added);
    }
    return watch;
}

Result<> ExitWatch::add_fd(int fd, std::uint64_t mark) {
    const int status = sys::calls().epoll_add(epoll_.get(), fd, EPOLLIN, mark);
    return status < 0 ? Result<>(watch_failure(-status)) : Result<>();
}

Result<> ExitWatch::add_events(int fd) {
    return add_fd(fd, events_mark);
}

Result<> ExitWatch::add(const Process& process, std::size_t index) {
    // Exit and reap are two edges, and the descriptor stays readable after both: one shot counts the exit once.
    const int status = sys::calls().epoll_add(epoll_.get(), process.fd(), EPOLLIN | EPOLLONESHOT, index);
    return status < 0 ? Result<>(watch_failure(-status)) : Result<>();
}

Result<ExitWatch::Events> ExitWatch::wait(Deadline until) {
    std::array<epoll_event, batch> ready{};
    int count = 0;
    do {
        count = sys::calls().epoll_wait(epoll_.get(), ready, milliseconds_until(until));
    } while (count == -EINTR || (count == 0 && !is_over(until)));
    if (count < 0) {
        return failure(-count, "epoll_wait");
    }
    Events events;
    for (const epoll_event& event : std::span(ready).first(static_cast<std::size_t>(count))) {
        const std::uint64_t mark = event.data.u64; // a copy: the structure is packed, and may lie anywhere
        if (mark == cancel_mark) {
            events.cancelled = true;
        } else if (mark == events_mark) {
            events.has_more = true;
        } else {
            events.exited.push_back(mark);
        }
    }
    return events;
}

ExitStatus ExitReader::read(const Process& process) {
    if (!proc_) {
        proc_ = proc::open_proc();
    }
    if (const auto zombie = *proc_ ? status_of_zombie((*proc_)->get(), process) : std::nullopt) {
        return *zombie;
    }
    ExitStatus status = exit_status(process).value_or(ExitStatus{});
    const auto budget = std::chrono::floor<std::chrono::milliseconds>(patience_);
    if (status.known() || budget.count() <= 0) {
        return status;
    }
    const auto start = steady_clock::now();
    // No event is asked for: the readiness of the exit is there already, POLLHUP comes with the reaping.
    const int revents = sys::calls().poll(process.fd(), 0, static_cast<int>(budget.count()));
    patience_ -= steady_clock::now() - start;
    return revents > 0 ? exit_status(process).value_or(ExitStatus{}) : status;
}

} // namespace sig2pid
