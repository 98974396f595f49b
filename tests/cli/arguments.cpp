// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <cctype>
#include <gtest/gtest.h>
#include <sstream>

namespace sig2pid::test {
namespace {

/// A command, and what it needs beside the option in question. Nobody has that PID.
struct Usage {
    std::string command;
    Arguments needed;
    std::size_t options; ///< that take a value
};

const std::vector<Usage> usages = {
    {"send", {"4194303"}, 6}, {"find", {"4194303"}, 2},         {"stop", {"4194303"}, 4},
    {"wait", {"4194303"}, 3}, {"on", {"exit", "--to", "1"}, 7}, {"recv", {"--timeout", "1ms", "USR1"}, 2},
    {"events", {"exit"}, 0},  {"signals", {"USR1"}, 0},         {"doctor", {}, 0},
};

/// "N", "SIG", "N/DUR": the kind of value; a description has small letters.
bool is_type(const std::string& word) {
    return !word.empty() && std::isupper(word[0]) != 0 && (word.size() == 1 || std::islower(word[1]) == 0);
}

/// The long options that take a value, as --help lists them: "  -s,--signal SIG    name or number".
std::vector<std::string> options_with_value(const std::string& command) {
    std::vector<std::string> options;
    std::istringstream help(run_sig2pid({command, "--help"}).out);
    for (std::string line; std::getline(help, line);) {
        std::istringstream words(line);
        std::string names;
        std::string type;
        words >> names >> type;
        if (names.starts_with('-') && contains(names, "--") && is_type(type)) {
            options.push_back(names.substr(names.find("--")));
        }
    }
    return options;
}

void expect_refused(Arguments arguments, const Arguments& needed, const std::string& said) {
    arguments.insert(arguments.end(), needed.begin(), needed.end());
    const Outcome outcome = run_sig2pid(arguments);
    EXPECT_EQ(outcome.status, 2) << said << outcome.err;
    EXPECT_TRUE(contains(outcome.err, said + ": the value is empty")) << said << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
}

TEST(Arguments, AreRefusedWhereTheValueOfAnOptionIsEmpty) {
    for (const Usage& usage : usages) {
        const std::vector<std::string> options = options_with_value(usage.command);
        EXPECT_EQ(options.size(), usage.options) << usage.command;
        for (const std::string& option : options) {
            SCOPED_TRACE(usage.command);
            expect_refused({usage.command, option, ""}, usage.needed, option);
            expect_refused({usage.command, option + "="}, usage.needed, option);
        }
    }
}

TEST(Arguments, AreRefusedWhereTheValueOfAShortOptionIsEmpty) {
    for (const char* command : {"send", "on"}) {
        const Arguments needed = std::string_view(command) == "on" ? usages[4].needed : usages[0].needed;
        expect_refused({command, "-s", ""}, needed, "--signal");
        expect_refused({command, "-q", ""}, needed, "--value");
    }
}

TEST(Arguments, AreRefusedWhereATargetEventSignalOrNameIsEmpty) {
    for (const char* command : {"send", "find", "stop", "wait"}) {
        expect_refused({command, ""}, {}, "target");
        expect_refused({command, "4194303", ""}, {}, "target");
    }
    expect_refused({"on", ""}, {"--to", "1"}, "event");
    expect_refused({"recv", "--timeout", "1ms", "USR1", ""}, {}, "signal");
    expect_refused({"events", ""}, {}, "name");
    expect_refused({"signals", ""}, {}, "signal");
}

} // namespace
} // namespace sig2pid::test
