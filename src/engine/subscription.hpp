// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/channel.hpp"

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sig2pid::engine {

/// A descriptor of /dev/sig2pid that keeps the records of a channel; it asks for no signal.
class Subscription {
public:
    /// From here on events count.
    /// \return ENOENT/unsupported without the module; EACCES/no_permission where the device may not be opened;
    /// ENOENT/bad_input where no module has announced the channel, with the nearest in the text.
    [[nodiscard]] static Result<Subscription> make(const std::string& channel);

    /// Readable when there are records, and when the channel has been withdrawn.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    /// Events so far, those too whose records were lost; 0 where the device does not answer.
    [[nodiscard]] std::uint64_t events() const;

    enum class Rest : std::uint8_t {
        unknown,  ///< there may be more records
        none,     ///< all were read
        withdrawn ///< and none will come
    };

    /// Appends records that are there, 64 at the most. Does not wait.
    /// \return EBADMSG for what is no record, or the errno of read(2).
    [[nodiscard]] Result<Rest> read(std::vector<ChannelRecord>& records);

private:
    explicit Subscription(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    UniqueFd fd_;
    std::uint64_t last_ = 0; ///< sequence of the last record
};

} // namespace sig2pid::engine
