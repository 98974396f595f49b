// SPDX-License-Identifier: BSD-2-Clause
#include "cli/enders.hpp"

#include <csignal>

namespace sig2pid::cli {
namespace {

bool is_ignored(int signal) {
    struct sigaction action = {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

} // namespace

SignalSet heeded(SignalSet signals) {
    for (int number = Signal::min; number <= Signal::max; ++number) {
        if (signals.contains(Signal(number)) && is_ignored(number)) {
            signals.erase(Signal(number));
        }
    }
    return signals;
}

Result<Enders> Enders::hold(SignalSet signals) {
    const SignalSet held = heeded(signals);
    if (held.empty()) {
        return Enders(std::nullopt);
    }
    Result<Receiver> receiver = Receiver::make(held);
    if (!receiver) {
        return forward_error(receiver);
    }
    receiver->leave_blocked();
    return Enders(std::move(*receiver));
}

} // namespace sig2pid::cli
