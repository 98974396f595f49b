// SPDX-License-Identifier: BSD-2-Clause
#include "cli/line_writer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_kept = 1U << 20U; // some thousand lines: a burst, or a reader that is busy for a moment

/// What poll(2) is to wait at most; -1 is for ever.
int poll_time(LineWriter::Patience patience, Clock::time_point start) {
    if (!patience) {
        return -1;
    }
    const auto left = std::chrono::ceil<milliseconds>(*patience - (Clock::now() - start));
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, INT_MAX));
}

/// Whole lines that a pipe takes as one or not at all: where a reader gets no more, none ends in the middle.
std::string_view next_piece(std::string_view text) {
    if (text.size() <= PIPE_BUF) {
        return text;
    }
    const std::size_t newline = text.rfind('\n', PIPE_BUF - 1);
    return text.substr(0, newline == std::string_view::npos ? PIPE_BUF : newline + 1);
}

} // namespace

bool can_write(int fd, LineWriter::Patience patience) {
    pollfd entry{fd, POLLOUT, 0};
    const Clock::time_point start = Clock::now();
    int ready = -1;
    while ((ready = ::poll(&entry, 1, poll_time(patience, start))) < 0 && errno == EINTR) {
    }
    return ready > 0;
}

LineWriter::LineWriter() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), broken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    choose_way();
}

/// O_NONBLOCK belongs to the open file, which the shell and others share: a pipe or terminal is opened anew to have one
/// of our own. Where that is not allowed, poll(2) says whether a pipe takes PIPE_BUF bytes.
void LineWriter::choose_way() {
    struct stat status = {};
    if (::fstat(fd_, &status) != 0) {
        return;
    }
    if (S_ISSOCK(status.st_mode)) {
        way_ = Way::socket;
    } else if (S_ISFIFO(status.st_mode) || ::isatty(fd_) == 1) {
        own_ = UniqueFd(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
        way_ = own_ ? Way::nonblocking : Way::polled;
        fd_ = own_ ? own_.get() : fd_;
    }
}

ssize_t LineWriter::write_some(std::string_view text) const {
    if (way_ == Way::socket) {
        return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (way_ == Way::polled && !can_write(fd_, milliseconds::zero())) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(fd_, text.data(), text.size());
}

void LineWriter::put(std::string_view line) {
    if (error_ == EPIPE || kept_.size() + line.size() >= most_kept) {
        ++dropped_;
        return;
    }
    kept_.append(line).push_back('\n');
    flush();
}

void LineWriter::flush() {
    std::size_t written = 0;
    while (written < kept_.size()) {
        const ssize_t count = write_some(next_piece(std::string_view(kept_).substr(written)));
        if (count >= 0) {
            written += static_cast<std::size_t>(count);
        } else if (errno != EINTR) {
            break;
        }
    }
    const int error = written < kept_.size() ? errno : 0;
    kept_.erase(0, written);
    if (error != 0 && error != EAGAIN) {
        fail(error);
    }
    watch();
}

void LineWriter::fail(int error) {
    drop_kept();
    error_ = error_ == 0 || error == EPIPE ? error : error_;
    if (error == EPIPE) {
        ::eventfd_write(broken_.get(), 1);
    }
}

void LineWriter::drop_kept() {
    dropped_ += static_cast<std::uint64_t>(std::ranges::count(kept_, '\n'));
    kept_.clear();
}

void LineWriter::watch() {
    if (watched_ != kept_.empty()) {
        return;
    }
    watched_ = !watched_;
    epoll_event event = {.events = EPOLLOUT, .data = {}};
    ::epoll_ctl(epoll_.get(), watched_ ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd_, &event);
}

bool LineWriter::finish(int stop_fd, Patience patience) {
    const Clock::time_point start = Clock::now();
    while (!kept_.empty()) {
        std::array<pollfd, 2> entries = {pollfd{fd_, POLLOUT, 0}, pollfd{stop_fd, POLLIN, 0}};
        const int ready = ::poll(entries.data(), entries.size(), poll_time(patience, start));
        if (ready == 0 || (ready > 0 && entries[1].revents != 0)) {
            break;
        }
        flush();
    }
    const bool all = kept_.empty() && error_ == 0;
    drop_kept();
    watch();
    return all;
}

} // namespace sig2pid::cli
