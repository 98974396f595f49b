// SPDX-License-Identifier: BSD-2-Clause
// From an event to the process that is told of it. One process causes the event and notes the time just before;
// another, on the other CPU, sleeps in sigwaitinfo(2) and notes when that returns. Whoever stands between is not
// pinned.
#include "bench/contenders.hpp"
#include "bench/listener.hpp"
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <fmt/format.h>
#include <functional>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

constexpr int marker = 0x5150; ///< the argument of getpgid(2) that the rules look for

/// A way from an event to the listener.
struct Way {
    std::string what;
    std::vector<std::string> program; ///< who notices the event
    std::function<void()> cause;
    int samples; ///< a round
    double most; ///< times the floor; 0: no target
    Samples times = {}, floor = {};
};

void call_getpgid() {
    syscall(SYS_getpgid, marker);
}

/// A signal that nobody gets: an ignored one is an event all the same, and interrupts are off in it.
void signal_oneself() {
    kill(getpid(), SIGURG);
}

/// The least that the kernel takes for a signal from this event.
std::vector<std::string> only_send_line(const Listener& listener) {
    return {SIG2PID_ONLY_SEND, fmt::format("{}", listener.pid()), fmt::format("{}", Listener::signal()),
            fmt::format("{}", marker)};
}

std::vector<Way> ways(const Settings& settings, const Listener& listener) {
    const RuleWords called = {"syscall:getpgid", fmt::format("pid == {}", marker)};
    const RuleWords signalled = {"signal", fmt::format("sig == {} && pid == {}", SIGURG, getpid())};
    const int samples = settings.repeats(100, 30);
    const auto by_rung = [&](const std::string& name, RuleWords rule, double most) {
        const auto cause = rule.event == "signal" ? signal_oneself : call_getpgid;
        const std::string what = fmt::format("{}, rung {}", rule.event, name);
        rule.rung = name;
        return Way{what, rule_line(settings, listener, rule), cause, samples, most};
    };
    std::vector<Way> all = {by_rung("direct", called, 1.15), by_rung("pidfd", called, 1.8),
                            by_rung("task-work", called, 0), by_rung("direct", signalled, 0),
                            by_rung("pidfd", signalled, 0)};
    all.push_back({"syscall:getpgid, a program that only sends", only_send_line(listener), call_getpgid, samples, 0});
    if (!settings.bpftrace.empty()) {
        const Script script = {"tracepoint:syscalls:sys_enter_getpgid", fmt::format("args->pid == {}", marker),
                               fmt::format("system(\"kill -{} {}\")", Listener::signal(), listener.pid())};
        all.push_back({"syscall:getpgid, bpftrace system(\"kill\")", script_line(settings, script), call_getpgid,
                       samples / 5, 0});
    }
    return all;
}

Samples measure(Listener& listener, const std::function<void()>& cause, int count) {
    constexpr int until_asleep_us = 300;
    const PinnedCpu pinned(0);
    Samples times;
    for (int i = 0; i < count; i++) {
        nap_us(until_asleep_us);
        const std::int64_t caused = now_ns();
        cause();
        times.add(static_cast<double>(listener.arrival() - caused) / 1000);
    }
    return times;
}

/// The floor and the way, one after the other, so that what else the machine does falls on both.
void measure_beside_floor(Listener& listener, Way& way) {
    constexpr int warm_up = 5;
    const auto by_hand = [&] { sigqueue(listener.pid(), Listener::signal(), {}); };
    measure(listener, by_hand, warm_up);
    way.floor.add(measure(listener, by_hand, way.samples));
    Program program(way.program);
    program.wait_for(armed);
    try {
        measure(listener, way.cause, warm_up);
        way.times.add(measure(listener, way.cause, way.samples));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(fmt::format("{}: {}\n{}", way.what, error.what(), program.interrupt()));
    }
}

} // namespace

Figures event_to_handler(const Settings& settings) {
    Listener listener;
    std::vector<Way> all = ways(settings, listener);
    const int rounds = settings.repeats(12, 4);
    for (int round = 0; round < rounds; round++) {
        progress(settings, "event to handler", round, rounds);
        for (Way& way : all) {
            measure_beside_floor(listener, way);
        }
    }
    Figures figures;
    for (Way& way : all) {
        figures.push_back({.what = way.what,
                           .unit = "us",
                           .samples = std::move(way.times),
                           .compared_with = "sigqueue(3)",
                           .compared = std::move(way.floor),
                           .bound = way.most > 0 ? Bound::ratio : Bound::none,
                           .most = way.most});
    }
    if (settings.bpftrace.empty()) {
        figures.push_back({.what = "bpftrace system(\"kill\")", .skipped = "bpftrace is not installed"});
    }
    return figures;
}

} // namespace sig2pid::bench
