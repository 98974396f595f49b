// SPDX-License-Identifier: BSD-2-Clause
// pidfd_send PID SIGNAL: sends a signal with the payload 1234 to exactly this process.
#include <sig2pid/process.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/target.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace sig2pid;
    if (argc != 3) {
        std::fprintf(stderr, "usage: pidfd_send PID SIGNAL\n");
        return 2;
    }
    const Result<Signal> signal = Signal::parse(argv[2]);
    if (!signal) {
        std::fprintf(stderr, "pidfd_send: %s\n", signal.error().message().c_str());
        return 2;
    }
    const Result<Target> target = Target::parse(argv[1]);
    if (!target) {
        std::fprintf(stderr, "pidfd_send: %s\n", target.error().message().c_str());
        return 2;
    }
    // From here on the process is pinned: its PID may pass to another, this descriptor never will.
    const Result<Process> process = resolve(*target);
    if (!process) {
        std::fprintf(stderr, "pidfd_send: %s\n", process.error().message().c_str());
        return 1;
    }
    const Result<> sent = queue(*process, *signal, Payload::from_int(1234));
    if (!sent) {
        std::fprintf(stderr, "pidfd_send: %s\n", sent.error().message().c_str());
        return 1;
    }
    return 0;
}
