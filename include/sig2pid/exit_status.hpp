// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>

#include <optional>
#include <string>

namespace sig2pid {

/// How a process ended: by itself with a code, by a signal, or unknown, where the kernel does not tell.
struct ExitStatus {
    std::optional<int> code = std::nullopt;      ///< what it gave to exit(3), 0 to 255
    std::optional<Signal> signal = std::nullopt; ///< what killed it
    bool core = false;                           ///< the signal made it dump core (or would have: see core(5))

    /// False: neither code nor signal is known.
    [[nodiscard]] bool known() const noexcept { return code.has_value() || signal.has_value(); }

    /// "exited with 3", "killed by SIGTERM", "killed by SIGSEGV, core dumped", "ended, the kernel does not say how".
    [[nodiscard]] std::string to_string() const;

    /// Reads what wait(2) writes into its status. Unknown for one that is no end, such as of a stop.
    [[nodiscard]] static ExitStatus from_wait_status(int status) noexcept;

    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// How a process that has exited ended, without reaping it: who started a child still has to wait for it.
///
/// A child of the caller is asked about by waitid(2) (Linux 5.4). Of others, the kernel tells everyone once they are
/// reaped (PIDFD_INFO_EXIT, Linux 6.15), and before that who may read it in /proc/PID/stat (see ptrace(2), access
/// mode). Anything else is unknown, never guessed.
/// \return EBUSY when it has not exited.
[[nodiscard]] Result<ExitStatus> exit_status(const Process& process);

} // namespace sig2pid
