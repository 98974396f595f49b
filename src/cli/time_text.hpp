// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <chrono>
#include <ctime>
#include <string>

namespace sig2pid::cli {

/// A time of day in UTC, to the microsecond: 2026-01-31T12:00:00.000000Z.
[[nodiscard]] inline std::string time_text(std::chrono::system_clock::time_point time) {
    const auto since_epoch = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    const time_t seconds = since_epoch / 1'000'000;
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string micros = std::to_string(since_epoch % 1'000'000);
    return text.data() + ("." + std::string(6 - micros.size(), '0') + micros + "Z");
}

} // namespace sig2pid::cli
