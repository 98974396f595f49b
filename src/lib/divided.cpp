// SPDX-License-Identifier: BSD-2-Clause
#include "lib/divided.hpp"

#include "lib/syscalls.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <pthread.h>
#include <sched.h>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace sig2pid {
namespace {

constexpr std::size_t most_threads = 8;

/// Signals of the program are for threads of its own.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept { sys::calls().rt_sigprocmask(SIG_SETMASK, ~std::uint64_t{0}, &old_); }
    ~SignalsBlocked() { sys::calls().rt_sigprocmask(SIG_SETMASK, old_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    std::uint64_t old_ = 0;
};

/// The i-th of the other processors that this thread may use; only itself where there is no other.
cpu_set_t another_processor(const cpu_set_t& all, std::size_t i) {
    std::vector<std::size_t> others;
    const auto own = static_cast<std::size_t>(::sched_getcpu());
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &all) && cpu != own) {
            others.push_back(cpu);
        }
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(others.empty() ? own : others[i % others.size()], &one);
    return one;
}

/// Moves a new thread to another processor, where it may stay or go on from: the kernel often leaves it behind its
/// maker, beside an idle processor, for as many milliseconds as all takes.
void spread(std::jthread& thread, std::size_t i) {
    cpu_set_t all;
    if (::sched_getaffinity(0, sizeof all, &all) == 0) {
        const cpu_set_t one = another_processor(all, i);
        ::pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
        ::pthread_setaffinity_np(thread.native_handle(), sizeof all, &all);
    }
}

using Work = std::function<void(std::size_t thread)>; ///< outlives the threads

/// Starts all threads but the first.
std::vector<std::jthread> start_workers(std::size_t count, const Work& work) {
    const SignalsBlocked blocked;
    std::vector<std::jthread> workers;
    try {
        for (std::size_t thread = 1; thread < count; ++thread) {
            workers.emplace_back([thread, &work] { work(thread); });
            spread(workers.back(), thread - 1);
        }
    } catch (const std::system_error&) {
        return workers;
    }
    return workers;
}

} // namespace

Division usual_division() noexcept {
    return {.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads)};
}

std::size_t threads_for(std::size_t count, const Division& division) noexcept {
    return std::clamp<std::size_t>(count / division.worth, 1, division.threads);
}

void in_threads(std::size_t threads, const std::function<void(std::size_t thread)>& work) {
    const std::vector<std::jthread> workers = start_workers(threads, work);
    work(0);
}

void divide(std::size_t count, const Division& division, const PieceOfWork& work) {
    Pieces pieces(count, division.piece);
    in_threads(threads_for(count, division), [&](std::size_t thread) {
        for (auto [first, last] = pieces.take(); first < last; std::tie(first, last) = pieces.take()) {
            if (!work(thread, first, last)) {
                pieces.stop();
            }
        }
    });
}

} // namespace sig2pid
