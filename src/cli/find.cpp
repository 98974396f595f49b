// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/select.hpp"

#include <algorithm>

namespace sig2pid::cli {
namespace {

struct FindWords {
    SelectWords select;
    bool json = false;
    bool tokens = false;
};

std::optional<int> parse_words(FindWords& words, int argc, char** argv) {
    Arguments arguments("sig2pid find", "Show what targets mean: the processes that a signal would go to.");
    add_select_options(arguments, words.select);
    arguments.flag("--json", words.json, "one JSON object a process");
    arguments.flag("--tokens", words.tokens, "only tokens, for `sig2pid send $(sig2pid find --tokens ...)`");
    arguments.exclude("--tokens", "--json");
    arguments.footer(
        "Examples:\n  sig2pid find name:nginx,user:www-data\n  sig2pid find --newest 'cmd:python.* worker'\n"
        "  sig2pid send -s HUP $(sig2pid find --tokens unit:nginx)");
    return arguments.parse(argc, argv);
}

} // namespace

int find_command(int argc, char** argv) {
    if (const std::optional<int> code = refuse_negative_number(argc, argv, SignalWord::none)) {
        return *code;
    }
    FindWords words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    const std::optional<Choice> choice = read_choice("find", words.select);
    if (!choice) {
        return exit_usage;
    }
    const std::expected<ProcessSet, ExitCode> set = select_chosen("find", *choice);
    if (!set) {
        return set.error();
    }
    const ExitCode missed = report_misses("find", *choice, *set);
    const ExitCode shown = show("find", *set, Signal(SIGTERM),
                                words.json     ? Shown::json
                                : words.tokens ? Shown::tokens
                                               : Shown::table);
    const bool nothing = shown != exit_done && shown != exit_partial;
    if (missed == exit_done || nothing) {
        return std::max(missed, shown);
    }
    return exit_partial;
}

} // namespace sig2pid::cli
