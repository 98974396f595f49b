// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/output.hpp"

#include <sig2pid/signal.hpp>

#include <algorithm>
#include <cstring>

namespace sig2pid::cli {
namespace {

std::string description(Signal signal) {
    if (signal.is_reserved_by_libc()) {
        return "kept by libc for its threads";
    }
    if (signal.is_realtime()) {
        return "real-time: queued, with its payload";
    }
    const char* const text = ::sigdescr_np(signal.number());
    return text != nullptr ? text : "";
}

void print_row(Signal signal) {
    print_json({{"number", signal.number()},
                {"name", signal.name()},
                {"action", to_string(signal.default_action())},
                {"realtime", signal.is_realtime()},
                {"reserved", signal.is_reserved_by_libc()},
                {"description", description(signal)}});
}

void print_signals(const std::vector<Signal>& signals) {
    std::vector<std::vector<std::string>> rows = {{"NUMBER", "NAME", "ACTION", "DESCRIPTION"}};
    for (const Signal signal : signals) {
        rows.push_back({std::to_string(signal.number()), signal.name(), std::string(to_string(signal.default_action())),
                        description(signal)});
    }
    print_table(rows);
}

std::vector<Signal> all_signals() {
    std::vector<Signal> signals;
    for (int number = Signal::min; number <= Signal::max; ++number) {
        signals.emplace_back(number);
    }
    return signals;
}

} // namespace

int signals_command(int argc, char** argv) {
    Arguments arguments("sig2pid signals", "List signals: names, numbers, default actions.");
    std::string wanted;
    bool json = false;
    arguments.operand("signal", wanted, "NAME|NUMBER", "only this one: USR1, SIGUSR1, 10, RTMIN+3");
    arguments.flag("--json", json, "one JSON object a line");
    arguments.footer("Examples:\n  sig2pid signals\n  sig2pid signals RTMIN+3");
    if (const std::optional<int> code = arguments.parse(argc, argv)) {
        return *code;
    }
    std::vector<Signal> signals = all_signals();
    if (!wanted.empty()) {
        const Result<Signal> signal = Signal::parse(wanted);
        if (!signal) {
            return fail("signals", signal.error());
        }
        signals = {*signal};
    }
    if (json) {
        std::ranges::for_each(signals, print_row);
    } else {
        print_signals(signals);
    }
    return exit_done;
}

} // namespace sig2pid::cli
