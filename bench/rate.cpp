// SPDX-License-Identifier: BSD-2-Clause
// How many matches a second arrive with nothing lost: the cause waits while 64 signals are on their way.
#include "bench/contenders.hpp"
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <fmt/format.h>
#include <functional>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

constexpr int marker = 0x5151;
constexpr std::uint64_t window = 64;
constexpr std::int64_t patience_ns = 10'000'000'000;

void wait_for(const Listener& listener, std::uint64_t count) {
    const std::int64_t began = now_ns();
    while (listener.count() < count) {
        sched_yield();
        if (now_ns() - began > patience_ns) {
            throw std::runtime_error("a signal did not arrive");
        }
    }
}

/// Arrivals a second.
double rate_of(const Listener& listener, const std::function<void()>& cause, std::uint64_t count) {
    const PinnedCpu pinned(0);
    const std::uint64_t before = listener.count();
    const std::int64_t began = now_ns();
    for (std::uint64_t i = 1; i <= count; i++) {
        cause();
        if (i >= window) {
            wait_for(listener, before + i - window);
        }
    }
    wait_for(listener, before + count);
    return static_cast<double>(count) * 1e9 / static_cast<double>(now_ns() - began);
}

/// Every match must be delivered: anything else is a measure that did not work.
void check_account(const std::string& printed) {
    const auto summary = nlohmann::json::parse(printed.substr(printed.rfind("{\"summary\"")))["summary"];
    std::uint64_t delivered = 0;
    for (const auto& count : summary["delivered"]) {
        delivered += count.get<std::uint64_t>();
    }
    if (delivered != summary["matched"].get<std::uint64_t>() || summary["lost"].get<std::uint64_t>() != 0) {
        throw std::runtime_error("not every match was delivered: " + summary.dump());
    }
}

void measure(const Settings& settings, Listener& listener, const std::string& rung, Figure& figure) {
    const auto count = static_cast<std::uint64_t>(settings.repeats(20'000, 5'000));
    figure.compared.add(rate_of(listener, [&] { sigqueue(listener.pid(), Listener::signal(), {}); }, count));
    Program program(rule_line(settings, listener, {"syscall:getpgid", fmt::format("pid == {}", marker), rung}));
    program.wait_for(armed);
    try {
        figure.samples.add(rate_of(listener, [] { syscall(SYS_getpgid, marker); }, count));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(fmt::format("rung {}: {}\n{}", rung, error.what(), program.interrupt()));
    }
    check_account(program.interrupt());
}

} // namespace

Figures rate(const Settings& settings) {
    Listener listener;
    listener.tell(false);
    Figures figures;
    for (const char* const rung : {"direct", "task-work", "pidfd"}) {
        figures.push_back({.what = fmt::format("matches a second, rung {}", rung),
                           .unit = "/s",
                           .compared_with = "sigqueue(3)",
                           .note = "nothing lost"});
    }
    const int rounds = settings.repeats(7, 3);
    for (int round = 0; round < rounds; round++) {
        progress(settings, "matches a second", round, rounds);
        measure(settings, listener, "direct", figures[0]);
        measure(settings, listener, "task-work", figures[1]);
        measure(settings, listener, "pidfd", figures[2]);
    }
    return figures;
}

} // namespace sig2pid::bench
