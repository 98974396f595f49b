// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/send.hpp>

#include "lib/send_failure.hpp"
#include "lib/syscalls.hpp"

#include <cstring>
#include <unistd.h>

namespace sig2pid {
namespace {

/// The process scope is no flag at all: the one form that every kernel since 5.1 knows.
unsigned flags_of(Scope scope) {
    switch (scope) {
    case Scope::process:
        return 0;
    case Scope::thread:
        return sys::scope_thread;
    case Scope::group:
        return sys::scope_group;
    }
    return 0;
}

Result<> attempt_send(const Process& process, const SendAttempt& attempt) {
    const int status = sys::calls().pidfd_send_signal(process.fd(), attempt.signal, attempt.info, attempt.flags);
    if (status < 0) {
        return std::unexpected(describe_send_failure(-status, process, attempt));
    }
    return {};
}

} // namespace

std::string_view to_string(Scope scope) noexcept {
    switch (scope) {
    case Scope::process:
        return "process";
    case Scope::thread:
        return "thread";
    case Scope::group:
        return "group";
    }
    return "unknown";
}

Payload Payload::from_int(int value) noexcept {
    sigval both{};
    both.sival_int = value;
    Payload payload;
    std::memcpy(&payload.bits, &both, sizeof payload.bits);
    return payload;
}

Payload Payload::from_pointer(const void* pointer) noexcept {
    return {reinterpret_cast<std::uintptr_t>(pointer)};
}

Result<> send(const Process& process, Signal signal, Scope scope) {
    return attempt_send(process, {signal.number(), nullptr, flags_of(scope)});
}

Result<> queue(const Process& process, Signal signal, Payload payload, Scope scope) {
    siginfo_t info{};
    info.si_signo = signal.number();
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    static_assert(sizeof info.si_value == sizeof payload.bits);
    std::memcpy(&info.si_value, &payload.bits, sizeof payload.bits);
    return send_info(process, info, scope);
}

Result<> send_info(const Process& process, const siginfo_t& info, Scope scope) {
    return attempt_send(process, {info.si_signo, &info, flags_of(scope)});
}

Result<> probe(const Process& process, Scope scope) {
    return attempt_send(process, {0, nullptr, flags_of(scope)});
}

} // namespace sig2pid
