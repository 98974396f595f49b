// SPDX-License-Identifier: BSD-2-Clause
#include "bench/contenders.hpp"

#include <fmt/format.h>

namespace sig2pid::bench {

std::vector<std::string> rule_line(const Settings& settings, const Listener& listener, const RuleWords& rule) {
    std::vector<std::string> words = {settings.sig2pid,
                                      "on",
                                      rule.event,
                                      "--where",
                                      rule.where,
                                      "-s",
                                      fmt::format("{}", Listener::signal()),
                                      "--to",
                                      fmt::format("{}", listener.pid()),
                                      "--quiet",
                                      "--json"};
    if (!rule.rung.empty()) {
        words.insert(words.end(), {"--rung", rule.rung});
    }
    return words;
}

std::vector<std::string> script_line(const Settings& settings, const Script& script) {
    // in two pieces, because bpftrace shows the script when it refuses it
    const std::string greeting = R"(BEGIN { printf("rea%s\n", "dy"); })";
    return {settings.bpftrace,
            "-B",
            "line",
            "--unsafe",
            "-e",
            fmt::format("{} {} /{}/ {{ {}; }}", greeting, script.probe, script.predicate, script.action)};
}

} // namespace sig2pid::bench
