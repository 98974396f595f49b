// SPDX-License-Identifier: BSD-2-Clause
// receiver_epoll: prints SIGUSR1, SIGUSR2 and real-time signals with their payloads, in an epoll loop, until SIGTERM.
#include <sig2pid/receiver.hpp>

#include <cinttypes>
#include <cstdio>
#include <sys/epoll.h>
#include <unistd.h>

using namespace sig2pid;

namespace {

/// Prints all that is pending; false when it is time to end.
bool drain(Receiver& receiver) {
    for (;;) {
        const Result<std::optional<ReceivedSignal>> received = receiver.receive(std::chrono::nanoseconds::zero());
        if (!received || !*received) {
            return received.has_value();
        }
        const ReceivedSignal& signal = **received;
        std::printf("%s %s value %" PRIu64 " from %d\n", signal.signal.name().c_str(), signal.code_name().c_str(),
                    signal.value, signal.sender_pid);
        std::fflush(stdout);
        if (signal.signal == Signal(SIGTERM)) {
            return false;
        }
    }
}

} // namespace

int main() {
    SignalSet signals = {Signal(SIGUSR1), Signal(SIGUSR2), Signal(SIGTERM)};
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
        signals.insert(Signal(number));
    }
    Result<Receiver> receiver = Receiver::make(signals);
    if (!receiver) {
        std::fprintf(stderr, "receiver_epoll: %s\n", receiver.error().message().c_str());
        return 1;
    }
    const UniqueFd loop(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(loop.get(), EPOLL_CTL_ADD, receiver->fd(), &event) != 0) {
        std::perror("epoll_ctl");
        return 1;
    }
    std::printf("ready %d\n", ::getpid());
    std::fflush(stdout);
    do {
        ::epoll_wait(loop.get(), &event, 1, -1);
    } while (drain(*receiver));
    return 0;
}
