// SPDX-License-Identifier: BSD-2-Clause
// Events of other kernel modules: the channels that they announce to sig2pid's own module (docs/kernel-module.md).
#pragma once

#include <sig2pid/engine/event.hpp>
#include <sig2pid/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::engine {

inline constexpr std::string_view channel_prefix = "module:";

/// One event of a channel; the numbers of kmod/include/uapi/linux/sig2pid.h.
struct ChannelRecord {
    std::uint64_t sequence = 0; ///< counts the subscription's events from 1
    std::uint64_t time = 0;     ///< CLOCK_MONOTONIC, ns
    std::int64_t value = 0;

    friend bool operator==(const ChannelRecord&, const ChannelRecord&) = default;
};

/// The channel of an event "module:CHANNEL". EINVAL with Reason::bad_input for what no channel can be called.
[[nodiscard]] Result<std::string> channel_of(std::string_view event);

/// The event of a channel, whether it exists or not. Its fields are those of ChannelRecord, in that order.
[[nodiscard]] Event channel_event(std::string_view channel);

/// The channels that the text of /proc/sig2pid lists, in its order; lines that are not a channel's are passed over.
[[nodiscard]] std::vector<std::string> parse_channels(std::string_view text);

/// The channels that modules have announced.
/// \return ENOENT/unsupported without the module; EACCES/no_permission where /proc/sig2pid may not be read.
[[nodiscard]] Result<std::vector<std::string>> announced_channels();

/// generic_events() of a prefix that begins with "module:".
[[nodiscard]] Result<std::vector<std::string>> channel_names(std::string_view prefix);

/// find_event() of "module:CHANNEL"; where it is known that there is no such channel, Event::unavailable says so.
[[nodiscard]] Result<Event> find_channel_event(std::string_view name);

/// The records that one read(2) of /dev/sig2pid gave.
/// \return EBADMSG for anything but whole records whose sequence rises from above `last`.
[[nodiscard]] Result<std::vector<ChannelRecord>> parse_records(std::span<const std::byte> bytes, std::uint64_t last);

} // namespace sig2pid::engine
