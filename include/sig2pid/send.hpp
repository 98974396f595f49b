// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>

#include <csignal>
#include <cstdint>
#include <string_view>

namespace sig2pid {

/// Who takes a signal that is sent to a process.
enum class Scope {
    process, ///< any one thread that does not block it, as with kill(2)
    thread,  ///< the main thread alone; Linux 6.9
    group    ///< every process of the group that this process leads; Linux 6.9
};

/// "process", "thread" or "group".
[[nodiscard]] std::string_view to_string(Scope scope) noexcept;

/// The 64 bits that travel with a queued signal: the receiver's siginfo_t::si_value.
struct Payload {
    std::uint64_t bits = 0;

    /// As si_value.sival_int; the other half is 0.
    [[nodiscard]] static Payload from_int(int value) noexcept;

    /// As si_value.sival_ptr: it means something to the receiver alone.
    [[nodiscard]] static Payload from_pointer(const void* pointer) noexcept;

    /// Reads a decimal, hexadecimal (0x) or negative (two's complement) number.
    /// \return EINVAL for what is no number, ERANGE for what does not fit 64 bits, both Reason::bad_input.
    [[nodiscard]] static Result<Payload> parse(std::string_view text);

    friend bool operator==(const Payload&, const Payload&) = default;
};

/// Sends a signal with the fields of kill(2): SI_USER, the caller's PID and real UID. pidfd_send_signal(2), Linux 5.1.
///
/// Success means that the kernel took it, not that the target will see it: deliver() looks at that too.
/// \return ESRCH/gone, EPERM/no_permission (with the cause), EINVAL/foreign_namespace, EINVAL/unsupported for a scope
/// before Linux 6.9, EPERM or ENOSYS/filtered. ESRCH/bad_input for the group of a process that is there and leads none.
[[nodiscard]] Result<> send(const Process& process, Signal signal, Scope scope = Scope::process);

/// Sends a signal with a payload: SI_QUEUE, the caller's real PID and UID. Errors as send(), and
/// EAGAIN/queue_full for a real-time signal; a standard signal then arrives without its payload, and no error.
[[nodiscard]] Result<> queue(const Process& process, Signal signal, Payload payload, Scope scope = Scope::process);

/// Sends exactly this siginfo_t, whose si_signo is the signal. Errors as queue(), and EPERM/forbidden_code for a code
/// that to others only the kernel may send (0 and above, and SI_TKILL).
[[nodiscard]] Result<> send_info(const Process& process, const siginfo_t& info, Scope scope = Scope::process);

/// Signal 0: whether the process is there, a zombie too, and may be signalled by the caller; of a group, whether there
/// is one and a member may be. Errors as send().
[[nodiscard]] Result<> probe(const Process& process, Scope scope = Scope::process);

} // namespace sig2pid
