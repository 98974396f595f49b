// SPDX-License-Identifier: BSD-2-Clause
// Waits for any signal and turns it into its exit status. Prints "ready" once it listens, then what came:
// "NUMBER CODE PID UID VALUE", as sigwaitinfo(2) gave it.
#include <sig2pid/receiver.hpp>

#include <cinttypes>
#include <cstdio>

int main() {
    using namespace sig2pid;
    SignalSet all = SignalSet::full();
    for (const int number : {SIGKILL, SIGSTOP, 32, 33}) {
        all.erase(Signal(number));
    }
    Result<Receiver> receiver = Receiver::make(all);
    if (!receiver) {
        return 125;
    }
    std::puts("ready");
    std::fflush(stdout);
    const Result<std::optional<ReceivedSignal>> received = receiver->receive();
    if (!received || !*received) {
        return 126;
    }
    const ReceivedSignal& signal = **received;
    std::printf("%d %d %d %u %" PRIu64 "\n", signal.signal.number(), signal.code, signal.sender_pid, signal.sender_uid,
                signal.value);
    receiver->leave_blocked();
    return signal.signal.number();
}
