// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/unique_fd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace sig2pid::cli {

/// Lines on standard output for who must not wait for a reader. What the reader is too slow for is kept, up to a bound;
/// beyond it lines are dropped and counted. A regular file is written to at once.
class LineWriter {
public:
    using Patience = std::optional<std::chrono::nanoseconds>; ///< none: for ever

    LineWriter();

    void put(std::string_view line);

    /// Writes as much of what is kept as its reader takes now.
    void flush();

    /// Readable while something is kept and can be written: then call flush().
    [[nodiscard]] int writable_fd() const noexcept { return epoll_.get(); }

    /// Waits until all that is kept is written, and drops the rest when `stop_fd` (-1: none) becomes readable or
    /// patience ends. \return whether all was written.
    bool finish(int stop_fd, Patience patience);

    /// Lines that were not written, or not to their end.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    void forget_dropped() noexcept { dropped_ = 0; }

    /// The errno of the first write that failed; 0 when none did.
    [[nodiscard]] int error() const noexcept { return error_; }

    /// Readable once nobody can read any more (EPIPE).
    [[nodiscard]] int broken_fd() const noexcept { return broken_.get(); }

private:
    enum class Way : std::uint8_t { blocking, polled, nonblocking, socket };

    void choose_way();
    [[nodiscard]] ssize_t write_some(std::string_view text) const;
    void fail(int error);
    void drop_kept();
    void watch();

    int fd_ = 1; ///< standard output
    UniqueFd own_;
    Way way_ = Way::blocking;
    UniqueFd epoll_;
    UniqueFd broken_;
    std::string kept_;
    bool watched_ = false;
    std::uint64_t dropped_ = 0;
    int error_ = 0;
};

/// Whether a short text can be written to `fd` without waiting, or can be before patience ends.
[[nodiscard]] bool can_write(int fd, LineWriter::Patience patience);

} // namespace sig2pid::cli
