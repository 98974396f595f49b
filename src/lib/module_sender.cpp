// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/module_sender.hpp>

#include "lib/syscalls.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace sig2pid {
namespace {

constexpr const char* requests_path = "/proc/sig2pid";

std::string request_for(const Process& process, Signal signal, const std::optional<Payload>& payload) {
    std::string line = std::to_string(process.pid()) + " " + std::to_string(signal.number());
    if (payload) {
        line += " " + std::to_string(payload->bits);
    }
    return line + "\n";
}

Error error_of(int code, const Process& process) {
    const std::string who = "process " + std::to_string(process.pid()) + ": ";
    switch (code) {
    case ESRCH:
        return {code, requests_path, who + "it is gone", Reason::gone, 0};
    case EPERM:
    case EACCES:
        return {code, requests_path, who + "not permitted by the kernel module", Reason::no_permission, 0};
    case EAGAIN:
        return {code, requests_path, who + "its user's signal queue is full (RLIMIT_SIGPENDING)", Reason::queue_full,
                0};
    case EIO:
        return {code, requests_path, "the kernel module was unloaded meanwhile", Reason::unsupported, 0};
    default:
        return {code, requests_path, who + std::strerror(code), Reason::unspecified, 0};
    }
}

/// What the refusal of a request comes to.
Result<Delivery> refused(Error error) {
    const std::optional<Verdict> verdict = verdict_of(error);
    return verdict ? Result<Delivery>(Delivery{*verdict, false, true, std::move(error)})
                   : std::unexpected(std::move(error));
}

/// Whether the PID was the process's own all the time: it has not been reaped until now.
Result<Delivery> confirm(const Process& process, Delivery delivery) {
    const Result<ProcessState> state = process.state();
    if (state && *state != ProcessState::gone) {
        return delivery;
    }
    const std::string who = "process " + std::to_string(process.pid());
    Error error{ESRCH, requests_path,
                who + " was reaped while the module was told its PID: the next one of that PID may have got it",
                Reason::gone, 0};
    return Delivery{Verdict::gone, false, true, std::move(error)};
}

} // namespace

Result<ModuleSender> ModuleSender::open() {
    const int fd = sys::calls().openat(AT_FDCWD, requests_path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        return ModuleSender(UniqueFd(fd));
    }
    if (fd == -ENOENT) {
        return failure(ENOENT, requests_path,
                       "there is no /proc/sig2pid: the kernel module sig2pid is not loaded (modprobe sig2pid)",
                       Reason::unsupported);
    }
    return failure(-fd, requests_path,
                   "/proc/sig2pid cannot be written: run as root, or load the module with mode=0222",
                   Reason::no_permission);
}

Result<Delivery> ModuleSender::deliver(const Process& process, Signal signal, const SendOptions& options) const {
    const Result<ProcessState> state = process.state();
    if (!state) {
        return std::unexpected(state.error());
    }
    if (*state != ProcessState::alive) {
        return Delivery{*state == ProcessState::zombie ? Verdict::zombie : Verdict::gone, false, true, std::nullopt};
    }
    Result<Delivery> looked = foresee(process, signal, options);
    if (!looked && looked.error().reason != Reason::gone && options.default_policy != DefaultPolicy::allow) {
        return looked; // what the policy refuses cannot be told
    }
    Delivery foreseen = looked.value_or(Delivery{.looked = false});
    if (foreseen.verdict == Verdict::unhandled) {
        return foreseen;
    }
    if (foreseen.verdict == Verdict::overflow) { // the module would not say so of a signal without a payload
        return refused(error_of(EAGAIN, process));
    }
    const std::string line = request_for(process, signal, options.payload);
    const ssize_t written = sys::calls().write(fd_.get(), line);
    if (written == -EALREADY) {
        foreseen.verdict = Verdict::coalesced;
    } else if (written < 0) {
        return refused(error_of(static_cast<int>(-written), process));
    }
    return confirm(process, std::move(foreseen));
}

} // namespace sig2pid
