// SPDX-License-Identifier: BSD-2-Clause
#include "engine/channel.hpp"

#include <sig2pid/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sig2pid.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/// What the module lets a channel be called.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() < SIG2PID_NAME_SIZE &&
           name.find_first_not_of(name_characters) == std::string_view::npos;
}

Field make_field(std::string name, std::string type_name, std::string description) {
    Field field;
    field.name = std::move(name);
    field.is_signed = type_name.starts_with('s');
    field.type_name = std::move(type_name);
    field.description = std::move(description);
    return field;
}

Error list_error(int code) {
    if (code == ENOENT) {
        return {ENOENT, "open", "the kernel module sig2pid is not loaded: there is no /proc/sig2pid",
                Reason::unsupported};
    }
    const bool denied = code == EACCES || code == EPERM;
    return {code, "read", denied ? "/proc/sig2pid, which lists the channels, is for root to read" : "/proc/sig2pid",
            denied ? Reason::no_permission : Reason::unspecified};
}

Result<std::string> read_all(int fd) {
    constexpr std::size_t most = std::size_t{1} << 20U; // of some 70 bytes a channel
    std::string text;
    std::array<char, 4096> part = {};
    while (text.size() < most) {
        const ssize_t size = ::read(fd, part.data(), part.size());
        if (size < 0) {
            return std::unexpected(list_error(errno));
        }
        if (size == 0) {
            break;
        }
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
}

} // namespace

Result<std::string> channel_of(std::string_view event) {
    const std::string_view name = event.substr(std::min(channel_prefix.size(), event.size()));
    if (!is_name(name)) {
        return failure(EINVAL, "parse_event",
                       "a channel is written module:CHANNEL, of 1 to " + std::to_string(SIG2PID_NAME_SIZE - 1) +
                           " letters, digits, dots, dashes and underscores; `sig2pid events module:` lists those there "
                           "are",
                       Reason::bad_input);
    }
    return std::string(name);
}

Event channel_event(std::string_view channel) {
    Event event;
    event.name = std::string(channel_prefix) + std::string(channel);
    event.summary = "a kernel module has raised its channel";
    event.fields = {
        make_field("sequence", "u64", "number of the event since the rule was armed; a gap is events that were lost"),
        make_field("time", "u64", "nanoseconds of CLOCK_MONOTONIC"),
        make_field("value", "s64", "what the module raised the channel with"),
    };
    return event;
}

std::vector<std::string> parse_channels(std::string_view text) {
    constexpr std::string_view lead = "channel ";
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(lead)) {
            continue;
        }
        const std::string_view rest = line.substr(lead.size());
        const std::string_view name = rest.substr(0, rest.find(' '));
        if (is_name(name)) {
            names.emplace_back(name);
        }
    }
    return names;
}

Result<std::vector<std::string>> announced_channels() {
    const UniqueFd fd(::open("/proc/sig2pid", O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return std::unexpected(list_error(errno));
    }
    const auto text = read_all(fd.get());
    if (!text) {
        return std::unexpected(text.error());
    }
    return parse_channels(*text);
}

Result<std::vector<std::string>> channel_names(std::string_view prefix) {
    auto names = announced_channels();
    if (!names) {
        return forward_error(names);
    }
    for (std::string& name : *names) {
        name.insert(0, channel_prefix);
    }
    std::erase_if(*names, [prefix](const std::string& name) { return !name.starts_with(prefix); });
    std::ranges::sort(*names);
    return std::move(*names);
}

Result<Event> find_channel_event(std::string_view name) {
    auto channel = channel_of(name);
    if (!channel) {
        return forward_error(channel);
    }
    Event event = channel_event(*channel);
    const auto announced = announced_channels();
    if (!announced && announced.error().reason == Reason::unsupported) {
        event.unavailable = announced.error().message();
    } else if (announced && std::ranges::find(*announced, *channel) == announced->end()) {
        event.unavailable = "no module has announced this channel";
    }
    return event;
}

Result<std::vector<ChannelRecord>> parse_records(std::span<const std::byte> bytes, std::uint64_t last) {
    std::vector<ChannelRecord> records;
    records.reserve(bytes.size() / sizeof(sig2pid_event));
    for (; bytes.size() >= sizeof(sig2pid_event); bytes = bytes.subspan(sizeof(sig2pid_event))) {
        sig2pid_event event = {};
        std::memcpy(&event, bytes.data(), sizeof(event));
        if (event.sequence <= last) {
            return failure(EBADMSG, "read", "/dev/sig2pid gave a record out of sequence");
        }
        last = event.sequence;
        records.push_back({event.sequence, event.time, event.value});
    }
    if (!bytes.empty()) {
        return failure(EBADMSG, "read", "/dev/sig2pid gave a part of a record");
    }
    return records;
}

} // namespace sig2pid::engine
