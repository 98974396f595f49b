// SPDX-License-Identifier: BSD-2-Clause
#include "bench/measure.hpp"

#include <cerrno>
#include <ctime>
#include <fmt/format.h>
#include <sched.h>
#include <stdexcept>
#include <system_error>

namespace sig2pid::bench {
namespace {

constexpr std::size_t mask_words = 16; ///< of 64 CPUs each

cpu_set_t* as_set(std::vector<unsigned long>& words) {
    return reinterpret_cast<cpu_set_t*>(words.data());
}

} // namespace

std::int64_t now_ns() noexcept {
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void nap_us(int microseconds) noexcept {
    const timespec time = {0, microseconds * 1000L};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

void progress(const Settings& settings, std::string_view what, int round, int rounds) {
    if (settings.has_progress) {
        fmt::print(stderr, "\r\033[K{}: {} of {}", what, round + 1, rounds);
    }
}

PinnedCpu::PinnedCpu(unsigned cpu) : before_(mask_words) {
    const std::size_t size = mask_words * sizeof(unsigned long);
    if (sched_getaffinity(0, size, as_set(before_)) != 0) {
        fail("sched_getaffinity");
    }
    std::vector<unsigned long> wanted(mask_words);
    CPU_SET_S(cpu, size, as_set(wanted));
    sched_setaffinity(0, size, as_set(wanted)); // a machine of one CPU pins nothing
}

PinnedCpu::~PinnedCpu() {
    sched_setaffinity(0, mask_words * sizeof(unsigned long), as_set(before_));
}

void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

} // namespace sig2pid::bench
