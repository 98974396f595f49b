// SPDX-License-Identifier: BSD-2-Clause
#include "engine/subscription.hpp"

#include "lib/nearest.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/sig2pid.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr const char* device = "/dev/sig2pid";

Error open_error(int code) {
    if (code == ENOENT || code == ENODEV || code == ENXIO) {
        return {ENOENT, "open", "the kernel module sig2pid is not loaded: there is no /dev/sig2pid",
                Reason::unsupported};
    }
    if (code == EACCES || code == EPERM) {
        return {EACCES, "open", "/dev/sig2pid may not be opened: run as root, or have a udev rule give it to a group",
                Reason::no_permission};
    }
    return {code, "open", {}, Reason::unspecified};
}

/// With the nearest of those that there are, where the list may be read.
Error unknown_channel(const std::string& channel) {
    const auto names = announced_channels().value_or(std::vector<std::string>());
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = nearest(channel, known);
    return {ENOENT, "subscribe",
            "no module has announced a channel '" + channel + "'" +
                (near.empty() ? "; `sig2pid events module:` lists those there are"
                              : "; did you mean '" + std::string(near) + "'?"),
            Reason::bad_input};
}

} // namespace

Result<Subscription> Subscription::make(const std::string& channel) {
    UniqueFd fd(::open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        return std::unexpected(open_error(errno));
    }
    sig2pid_subscribe wish = {};
    channel.copy(wish.channel, sizeof(wish.channel) - 1);
    if (::ioctl(fd.get(), SIG2PID_SUBSCRIBE, &wish) != 0) {
        return std::unexpected(errno == ENOENT ? unknown_channel(channel)
                                               : Error{errno, "subscribe", {}, Reason::unspecified});
    }
    return Subscription(std::move(fd));
}

std::uint64_t Subscription::events() const {
    sig2pid_status status = {};
    return ::ioctl(fd_.get(), SIG2PID_STATUS, &status) == 0 ? status.events : 0;
}

Result<Subscription::Rest> Subscription::read(std::vector<ChannelRecord>& records) {
    std::array<std::byte, 64 * sizeof(sig2pid_event)> buffer = {};
    const ssize_t size = ::read(fd_.get(), buffer.data(), buffer.size());
    if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            return errno == EAGAIN ? Rest::none : Rest::unknown;
        }
        return failure(errno, "read", "/dev/sig2pid cannot be read any more");
    }
    if (size == 0) {
        return Rest::withdrawn;
    }
    auto read = parse_records(std::span(buffer).first(static_cast<std::size_t>(size)), last_);
    if (!read) {
        return forward_error(read);
    }
    last_ = read->back().sequence;
    records.insert(records.end(), read->begin(), read->end());
    return static_cast<std::size_t>(size) < buffer.size() ? Rest::none : Rest::unknown;
}

} // namespace sig2pid::engine
