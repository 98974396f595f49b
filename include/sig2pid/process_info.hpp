// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sig2pid {

/// What /proc tells about a process, for a person to know it by.
struct ProcessInfo {
    std::string name;    ///< comm
    std::string command; ///< the command line, blanks between the arguments; empty for zombies and kernel threads
    std::string user;    ///< the effective user's name, or number where /etc/passwd has none
    uid_t uid = 0;       ///< effective
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    char state = '?';                ///< as in ps(1), of the main thread
    std::chrono::nanoseconds age{0}; ///< since it started, by a clock that counts while the system sleeps
};

/// \return ESRCH/gone when reaped; EACCES or ENOENT where /proc hides it.
[[nodiscard]] Result<ProcessInfo> process_info(const Process& process);

/// What a signal would do to a process now, nothing being sent.
enum class Effect {
    handled,   ///< it has a handler
    blocked,   ///< it stays pending: the process blocks the signal, or waits for it in sigwait(3)
    ignored,   ///< the process discards it, or its default is to do nothing
    ends,      ///< it ends the process
    stops,     ///< it stops it
    continues, ///< it lets it go on
    denied,    ///< we may not send it
    zombie,    ///< it has exited
    gone       ///< and was reaped
};

/// The PIDs of the caller's parent, its parent and so on, as far as /proc shows them. EMFILE and the like: nobody can
/// tell.
[[nodiscard]] Result<std::vector<pid_t>> ancestors();

/// "handled" and so on.
[[nodiscard]] std::string_view to_string(Effect effect) noexcept;

/// Errors as signal_status() and probe(), but for those that are an Effect.
[[nodiscard]] Result<Effect> effect_of(const Process& process, Signal signal);

} // namespace sig2pid
