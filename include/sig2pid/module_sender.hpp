// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/deliver.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/unique_fd.hpp>

#include <optional>

namespace sig2pid {

/// Sends through the kernel module's /proc/sig2pid (docs/kernel-module.md) instead of pidfd_send_signal(2): for where a
/// filter forbids that call, and to try the module.
///
/// The module takes a PID. That of a pinned process is its own until it is reaped, which is looked at before and after:
/// who is reaped in between is `gone`, with an error that says that the next process of that PID may have got it.
class ModuleSender {
public:
    /// \return ENOENT/unsupported where the module is not loaded, EACCES/no_permission where the file may not be
    /// written (its mode is 0200 unless the module was loaded with mode=0222).
    [[nodiscard]] static Result<ModuleSender> open();

    /// Looks at the target as deliver() does, and sends: with the fields of kill(2) without a payload, else with
    /// SI_QUEUE, the payload and the caller's PID and real UID, to a thread that does not block the signal.
    /// \return an Error for what is no verdict, such as EIO when the module was unloaded since open(), and with a
    /// policy but DefaultPolicy::allow a target that cannot be looked at. Of the options payload and default_policy
    /// count; the scope is the process.
    [[nodiscard]] Result<Delivery> deliver(const Process& process, Signal signal,
                                           const SendOptions& options = {}) const;

private:
    explicit ModuleSender(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

} // namespace sig2pid
