// SPDX-License-Identifier: BSD-2-Clause
// From the start of the program until it says that its rule is armed, and the memory that this took.
#include "bench/contenders.hpp"
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <fmt/format.h>

namespace sig2pid::bench {
namespace {

struct Start {
    std::vector<std::string> words;
    Samples milliseconds = {}, mebibytes = {};

    void measure() {
        const std::int64_t began = now_ns();
        Program program(words);
        program.wait_for(armed);
        milliseconds.add(static_cast<double>(now_ns() - began) / 1e6);
        mebibytes.add(static_cast<double>(program.peak_kib()) / 1024);
    }
};

} // namespace

Figures ready(const Settings& settings) {
    const Listener listener;
    Start ours = {rule_line(settings, listener, {"exit", "code == 99"})};
    // the same rule: the exit status is not among the tracepoint's own fields, so it too reads the task
    Start theirs = {
        script_line(settings, {"tracepoint:sched:sched_process_exit", "(curtask->exit_code >> 8) == 99",
                               fmt::format("system(\"kill -{} {}\")", Listener::signal(), listener.pid())})};
    const bool has_bpftrace = !settings.bpftrace.empty();
    const int rounds = settings.repeats(20, 5);
    for (int round = 0; round < rounds; round++) {
        progress(settings, "ready", round, rounds);
        ours.measure();
        if (has_bpftrace) {
            theirs.measure();
        }
    }
    const std::string other = has_bpftrace ? "bpftrace" : "";
    Figures figures = {{.what = "on: until ready",
                        .unit = "ms",
                        .samples = ours.milliseconds,
                        .compared_with = other,
                        .compared = theirs.milliseconds,
                        .bound = Bound::value,
                        .most = 60}};
    if (has_bpftrace) {
        figures.push_back(figures.front());
        figures.back().bound = Bound::ratio;
        figures.back().most = 0.2;
    }
    figures.push_back({.what = "on: resident memory when ready",
                       .unit = "MiB",
                       .samples = ours.mebibytes,
                       .compared_with = other,
                       .compared = theirs.mebibytes,
                       .bound = Bound::value,
                       .most = 20});
    return figures;
}

} // namespace sig2pid::bench
