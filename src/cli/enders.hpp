// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/receiver.hpp>

#include <optional>

namespace sig2pid::cli {

/// `signals` without those that were ignored when the command started: nohup(1) and `trap '' INT` mean it to go on.
[[nodiscard]] SignalSet heeded(SignalSet signals);

/// Signals that end a command in good order, Ctrl-C for one. From hold() to the end of the program they are blocked:
/// they come to who waits for fd(), and to nobody else.
class Enders {
public:
    /// Holds those of `signals` that are heeded.
    [[nodiscard]] static Result<Enders> hold(SignalSet signals);

    /// Readable once one has come; -1 when none is heeded.
    [[nodiscard]] int fd() const noexcept { return receiver_ ? receiver_->fd() : -1; }

private:
    explicit Enders(std::optional<Receiver> receiver) : receiver_(std::move(receiver)) {}

    std::optional<Receiver> receiver_;
};

} // namespace sig2pid::cli
