// SPDX-License-Identifier: BSD-2-Clause
#include "bench/sleepers.hpp"

#include "bench/measure.hpp"

#include <chrono>
#include <climits>
#include <fstream>
#include <linux/futex.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

void wait_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
    syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

void wake_all(std::atomic<std::uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

/// The number of tasks that run or want to.
unsigned running() {
    std::ifstream stat("/proc/stat");
    for (std::string word; stat >> word;) {
        if (unsigned count = 0; word == "procs_running" && stat >> count) {
            return count;
        }
    }
    return 1;
}

/// Thousands who have answered and are not asleep yet would be in the way of what is measured next.
void wait_for_calm() {
    constexpr int looks = 500;
    constexpr int calm_looks = 10;
    for (int look = 0, calm = 0; look < looks && calm < calm_looks; look++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        calm = running() <= 1 ? calm + 1 : 0;
    }
}

} // namespace

Sleepers::Sleepers(std::size_t count, uid_t user) {
    void* const page = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        fail("mmap");
    }
    shared_ = new (page) Shared();
    shared_->count = static_cast<std::uint32_t>(count);
    for (std::size_t i = 0; i < count; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            sleep(user);
        }
        if (pid < 0) {
            fail("fork of a sleeper");
        }
        pids_.push_back(pid);
    }
    wait_for_answers(count);
}

Sleepers::~Sleepers() {
    for (const pid_t pid : pids_) {
        kill(pid, SIGKILL);
    }
    for (const pid_t pid : pids_) {
        waitpid(pid, nullptr, 0);
    }
    munmap(shared_, sizeof(Shared));
}

void Sleepers::sleep(uid_t user) const {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, signal());
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    prctl(PR_SET_NAME, name().c_str());
    if (setresuid(user, user, user) != 0) {
        _exit(1);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); // setresuid(2) forgets it
    for (std::uint32_t round = 0;; round++) {
        if (shared_->answered.fetch_add(1) + 1 == shared_->count) {
            wake_all(shared_->answered);
        }
        while (shared_->round.load() == round) {
            wait_while(shared_->round, round);
        }
        const timespec now = {};
        shared_->signalled.fetch_add(sigtimedwait(&wanted, nullptr, &now) == signal() ? 1 : 0);
    }
}

void Sleepers::wait_for_answers(std::size_t count) const {
    for (std::uint32_t seen = shared_->answered.load(); seen < count; seen = shared_->answered.load()) {
        wait_while(shared_->answered, seen);
    }
}

std::size_t Sleepers::take() {
    shared_->answered = 0;
    shared_->signalled = 0;
    shared_->round.fetch_add(1);
    wake_all(shared_->round);
    wait_for_answers(pids_.size());
    wait_for_calm();
    return shared_->signalled.load();
}

} // namespace sig2pid::bench
