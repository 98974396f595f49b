// SPDX-License-Identifier: BSD-2-Clause
// sig2pid_bench [--json] [--quick] [--only MEASURE]... SIG2PID: runs the measures and prints what they found.
#include "bench/measure.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <unistd.h>

namespace {

using namespace sig2pid::bench;

struct Measure {
    std::string_view name;
    Figures (*run)(const Settings& settings);
};

constexpr std::array measures = {
    Measure{"event-to-handler", event_to_handler},
    Measure{"ready", ready},
    Measure{"send", send},
    Measure{"filter-cost", filter_cost},
    Measure{"rate", rate},
    Measure{"selection", selection},
    Measure{"stop", stop},
};

struct Words {
    Settings settings;
    std::vector<std::string_view> only;
    bool is_json = false;
};

bool is_known(std::string_view name) {
    return std::ranges::find(measures, name, &Measure::name) != measures.end();
}

/// False for what is not understood.
bool parse(int argc, char** argv, Words& words) {
    for (int i = 1; i < argc; i++) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            words.is_json = true;
        } else if (word == "--quick") {
            words.settings.is_quick = true;
        } else if (word == "--only" && i + 1 < argc && is_known(argv[i + 1])) {
            words.only.emplace_back(argv[++i]);
        } else if (word.starts_with("-") || !words.settings.sig2pid.empty()) {
            return false;
        } else {
            words.settings.sig2pid = word;
        }
    }
    return !words.settings.sig2pid.empty();
}

/// Runs one measure; false when it did not work.
bool run(const Measure& measure, const Words& words, Figures& figures) {
    try {
        for (Figure& figure : measure.run(words.settings)) {
            if (words.is_json) {
                print_json(figure);
            }
            figures.push_back(std::move(figure));
        }
        return true;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}{}: {}\n", words.settings.has_progress ? "\r\033[K" : "", measure.name, error.what());
        return false;
    }
}

} // namespace

int main(int argc, char** argv) {
    Words words;
    if (!parse(argc, argv, words)) {
        fmt::print(stderr, "usage: {} [--json] [--quick] [--only MEASURE]... SIG2PID\n", argv[0]);
        return 2;
    }
    words.settings.has_progress = isatty(STDERR_FILENO) == 1;
    words.settings.bpftrace = access("/usr/bin/bpftrace", X_OK) == 0 ? "/usr/bin/bpftrace" : "";
    Figures figures;
    bool worked = true;
    for (const Measure& measure : measures) {
        if (words.only.empty() || std::ranges::find(words.only, measure.name) != words.only.end()) {
            worked = run(measure, words, figures) && worked;
        }
    }
    if (words.settings.has_progress) {
        fmt::print(stderr, "\r\033[K");
    }
    if (!words.is_json) {
        print_table(figures);
    }
    return worked ? 0 : 1;
}
