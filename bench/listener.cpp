// SPDX-License-Identifier: BSD-2-Clause
#include "bench/listener.hpp"

#include "bench/measure.hpp"

#include <new>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::bench {

Listener::Listener() : told_(eventfd(0, EFD_CLOEXEC)) {
    void* const page = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told_ < 0 || page == MAP_FAILED) {
        fail("listener");
    }
    shared_ = new (page) Shared();
    shared_->is_telling = true;
    pid_ = fork();
    if (pid_ < 0) {
        fail("fork");
    }
    if (pid_ == 0) {
        listen();
    }
    static_cast<void>(arrival()); // its greeting: the signal is blocked now
}

Listener::~Listener() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    munmap(shared_, sizeof(Shared));
    close(told_);
}

void Listener::listen() const {
    sigset_t wanted;
    siginfo_t info;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&wanted);
    sigaddset(&wanted, signal());
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    const PinnedCpu pinned(1);
    eventfd_write(told_, 1);
    for (;;) {
        // the rung task-work interrupts the wait: the signal comes on the way out, and is there the next time
        if (sigwaitinfo(&wanted, &info) != signal()) {
            continue;
        }
        shared_->arrived_at = now_ns();
        shared_->count.fetch_add(1, std::memory_order_release);
        if (shared_->is_telling) {
            eventfd_write(told_, 1);
        }
    }
}

std::int64_t Listener::arrival() {
    constexpr int patience_ms = 2000;
    pollfd entry = {told_, POLLIN, 0};
    eventfd_t count = 0;
    if (poll(&entry, 1, patience_ms) != 1 || eventfd_read(told_, &count) != 0) {
        throw std::runtime_error("a signal did not arrive");
    }
    return shared_->arrived_at;
}

} // namespace sig2pid::bench
