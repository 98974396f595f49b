// SPDX-License-Identifier: BSD-2-Clause
// What the measures share. A measure that does not work throws std::runtime_error; that its target is missed is no
// error.
#pragma once

#include "bench/figure.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::bench {

struct Settings {
    std::string sig2pid;   ///< path of the command line
    std::string bpftrace;  ///< path, empty where there is none
    bool is_quick = false; ///< fewer repeats
    bool has_progress = false;

    [[nodiscard]] int repeats(int full, int quick) const noexcept { return is_quick ? quick : full; }
};

using Figures = std::vector<Figure>;

Figures event_to_handler(const Settings& settings);
Figures ready(const Settings& settings);
Figures send(const Settings& settings);
Figures filter_cost(const Settings& settings);
Figures rate(const Settings& settings);
Figures selection(const Settings& settings);
Figures stop(const Settings& settings);

/// Nanoseconds of CLOCK_MONOTONIC.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// Sleeps; the only place that does, between measurements, so that the other side sleeps too.
void nap_us(int microseconds) noexcept;

/// One line on the terminal, rewritten.
void progress(const Settings& settings, std::string_view what, int round, int rounds);

/// Keeps this thread on one CPU, where there are several; another may be the listener's.
class PinnedCpu {
public:
    explicit PinnedCpu(unsigned cpu);
    ~PinnedCpu();
    PinnedCpu(const PinnedCpu&) = delete;
    PinnedCpu& operator=(const PinnedCpu&) = delete;

private:
    std::vector<unsigned long> before_;
};

/// std::runtime_error with errno's words.
[[noreturn]] void fail(const std::string& what);

} // namespace sig2pid::bench
