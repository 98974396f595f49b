// SPDX-License-Identifier: BSD-2-Clause
// Finds the command and leaves the rest to it: no argument parser is built before it is known which is needed.
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "lib/nearest.hpp"

#include <array>
#include <exception>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

struct Command {
    std::string_view name;
    int (*run)(int argc, char** argv);
    std::string_view summary;
};

constexpr std::array commands = {
    Command{"send", send_command, "send one signal to exactly the processes named"},
    Command{"find", find_command, "show which processes targets mean"},
    Command{"stop", stop_command, "end processes for sure: TERM, then KILL, until they are gone"},
    Command{"wait", wait_command, "wait until processes have exited, and say how"},
    Command{"recv", recv_command, "receive signals and print them decoded"},
    Command{"on", on_command, "signal a process whenever the kernel sees something"},
    Command{"events", events_command, "list what the kernel can see, with fields and types"},
    Command{"doctor", doctor_command, "say what works here, and what would enable the rest"},
    Command{"signals", signals_command, "list signals: names, numbers, default actions"},
};

std::string help() {
    std::string text = "Tells a process, by signal, that the kernel saw something, and sends any signal without\n"
                       "ever hitting the wrong process.\n\n"
                       "Usage: sig2pid COMMAND [OPTIONS] ...\n\nCommands:\n";
    for (const Command& command : commands) {
        text += "  " + std::string(command.name) + std::string(10 - command.name.size(), ' ');
        text += std::string(command.summary) + "\n";
    }
    text += "\nOptions:\n  --help     this text; 'sig2pid COMMAND --help' tells more\n  --version  the version\n\n"
            "Exit codes: 0 all done, 1 no target or gone, 2 bad input, 3 system error or missing privilege,\n"
            "64 done for some targets only, 124 timed out";
    return text;
}

int unknown_command(std::string_view name) {
    std::array<std::string_view, commands.size()> names;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        names[i] = commands[i].name;
    }
    const std::string_view meant = nearest(name, names);
    std::string message = "unknown command '" + std::string(name) + "'";
    message += meant.empty() ? "; see 'sig2pid --help'" : "; did you mean '" + std::string(meant) + "'?";
    report("", message);
    return exit_usage;
}

int dispatch(int argc, char** argv) {
    if (argc < 2) {
        report("", "no command; see 'sig2pid --help'");
        return exit_usage;
    }
    const std::string_view name = argv[1];
    for (const Command& command : commands) {
        if (command.name == name) {
            return command.run(argc - 1, argv + 1);
        }
    }
    if (name == "--help" || name == "-h" || name == "help") {
        print_line(help());
        return exit_done;
    }
    if (name == "--version") {
        print_line("sig2pid " SIG2PID_VERSION);
        return exit_done;
    }
    return unknown_command(name);
}

/// Descriptors 0 to 2 that are closed at the start (`>&-`) would go to whatever is opened first: lines for standard
/// output would be written into it. They are filled for reading alone, so that to write there fails as it would have.
void fill_standard_descriptors() {
    int fd = -1;
    while ((fd = ::open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO) {
    }
    ::close(fd);
}

} // namespace
} // namespace sig2pid::cli

int main(int argc, char** argv) {
    using namespace sig2pid::cli;
    fill_standard_descriptors();
    try {
        return finish_output(dispatch(argc, argv));
    } catch (const std::exception& error) {
        report("", std::string("internal error: ") + error.what());
        return exit_system;
    }
}
