// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"

#include "cli/output.hpp"

#include <span>

namespace sig2pid::cli {
namespace {

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

[[noreturn]] std::string refuse_empty(const CLI::Option& option) {
    const std::string way_out = option.get_positional() ? "" : "; leave the option out if none is meant";
    throw CLI::ValidationError(option.get_name() + ": the value is empty" + way_out, CLI::ExitCodes::ValidationError);
}

/// Each value: an empty one is most likely a variable that a script left unset. Taken for no value at all, it would
/// quietly remove the guard that the option is.
void refuse_empty_values(CLI::App& app) {
    for (CLI::Option* const option : app.get_options([](CLI::Option* each) { return takes_value(*each); })) {
        option->transform([option](const std::string& value) { return value.empty() ? refuse_empty(*option) : value; });
    }
}

/// `--where=` too: CLI11 would take the next word for its value.
void refuse_empty_assignments(CLI::App& app, std::span<char* const> words) {
    for (const std::string_view word : words) {
        if (word == "--") {
            return; // what follows are no options
        }
        const bool assigns_nothing = word.starts_with("--") && word.find('=') == word.size() - 1;
        const CLI::Option* const option =
            assigns_nothing ? app.get_option_no_throw(std::string(word.substr(0, word.size() - 1))) : nullptr;
        if (option != nullptr && takes_value(*option)) {
            refuse_empty(*option);
        }
    }
}

} // namespace

std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv) {
    try {
        refuse_empty_values(app);
        refuse_empty_assignments(app, std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
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
