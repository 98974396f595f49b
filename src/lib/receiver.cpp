// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/receiver.hpp>

#include "lib/syscalls.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

Result<> check_receivable(SignalSet signals) {
    if (signals.empty()) {
        return failure(EINVAL, "receiver", "no signal to receive", Reason::invalid_signal);
    }
    for (int number = Signal::min; number <= Signal::max; ++number) {
        const Signal signal(number);
        if (!signals.contains(signal)) {
            continue;
        }
        if (number == SIGKILL || number == SIGSTOP) {
            return failure(EINVAL, "receiver", signal.name() + " cannot be received: the kernel acts on it itself",
                           Reason::invalid_signal);
        }
        if (signal.is_reserved_by_libc()) {
            return failure(EINVAL, "receiver",
                           "signal " + std::to_string(number) + " is libc's own (RTMIN is " + std::to_string(SIGRTMIN) +
                               ")",
                           Reason::invalid_signal);
        }
    }
    return {};
}

timespec to_timespec(nanoseconds duration) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
    return {static_cast<time_t>(seconds.count()), static_cast<long>((duration - seconds).count())};
}

/// The end of the wait; none when it lies beyond what the clock can count.
std::optional<Clock::time_point> deadline(std::optional<nanoseconds> timeout) {
    const Clock::time_point now = Clock::now();
    if (!timeout || *timeout > Clock::time_point::max() - now) {
        return std::nullopt;
    }
    return now + *timeout;
}

/// One call of sigtimedwait up to the deadline.
int wait_once(SignalSet signals, siginfo_t& info, std::optional<Clock::time_point> end) {
    if (!end) {
        return sys::calls().rt_sigtimedwait(signals.mask(), info, nullptr);
    }
    const timespec left = to_timespec(std::max(nanoseconds::zero(), nanoseconds(*end - Clock::now())));
    return sys::calls().rt_sigtimedwait(signals.mask(), info, &left);
}

void unblock(SignalSet signals) {
    if (!signals.empty()) {
        static_cast<void>(sys::calls().rt_sigprocmask(SIG_UNBLOCK, signals.mask(), nullptr));
    }
}

} // namespace

Result<Receiver> Receiver::make(SignalSet signals) {
    if (Result<> checked = check_receivable(signals); !checked) {
        return forward_error(checked);
    }
    std::uint64_t before = 0;
    if (const int status = sys::calls().rt_sigprocmask(SIG_BLOCK, signals.mask(), &before); status < 0) {
        return failure(-status, "rt_sigprocmask");
    }
    const SignalSet newly_blocked = SignalSet::from_mask(signals.mask() & ~before);
    const int fd = sys::calls().signalfd(signals.mask());
    if (fd < 0) {
        unblock(newly_blocked);
        return failure(-fd, "signalfd");
    }
    return Receiver(signals, newly_blocked, UniqueFd(fd));
}

Receiver::Receiver(Receiver&& other) noexcept
    : signals_(other.signals_), newly_blocked_(std::exchange(other.newly_blocked_, SignalSet())),
      readiness_(std::move(other.readiness_)) {}

Receiver& Receiver::operator=(Receiver&& other) noexcept {
    Receiver taken(std::move(other));
    std::swap(signals_, taken.signals_);
    std::swap(newly_blocked_, taken.newly_blocked_);
    readiness_.swap(taken.readiness_);
    return *this;
}

Receiver::~Receiver() {
    unblock(newly_blocked_);
}

Result<std::optional<ReceivedSignal>> Receiver::receive(std::optional<nanoseconds> timeout) {
    const std::optional<Clock::time_point> end = deadline(timeout);
    siginfo_t info{};
    int status = 0;
    do {
        status = wait_once(signals_, info, end);
    } while (status == -EINTR);
    if (status == -EAGAIN) {
        return std::nullopt;
    }
    if (status < 0) {
        return failure(-status, "rt_sigtimedwait");
    }
    return ReceivedSignal::decode(info);
}

} // namespace sig2pid
