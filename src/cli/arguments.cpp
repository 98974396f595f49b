// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"

#include "cli/output.hpp"

namespace sig2pid::cli {

std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::Success&) {
        print_line(app.help());
        return exit_done;
    } catch (const CLI::ParseError& error) {
        report(argv[0], std::string(error.what()) + "; see 'sig2pid " + argv[0] + " --help'");
        return exit_usage;
    }
}

} // namespace sig2pid::cli
