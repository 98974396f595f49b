// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"

#include "cli/output.hpp"

#include <CLI/CLI.hpp>
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

Arguments::Arguments(const std::string& command, const std::string& description)
    : app_(std::make_unique<CLI::App>(description, command)) {}

Arguments::~Arguments() = default;

void Arguments::flag(const std::string& names, bool& given, const std::string& help) {
    app_->add_flag(names, given, help);
}

void Arguments::value(const std::string& names, std::string& value, const std::string& type, const std::string& help) {
    app_->add_option(names, value, help)->type_name(type);
}

void Arguments::choice(const std::string& names, std::string& value, const std::string& type,
                       const std::vector<std::string>& words, const std::string& help) {
    app_->add_option(names, value, help)->type_name(type)->check(CLI::IsMember(words));
}

void Arguments::values(const std::string& names, std::vector<std::string>& values, const std::string& type,
                       const std::string& help) {
    app_->add_option(names, values, help)->type_name(type)->allow_extra_args(false);
}

void Arguments::operand(const std::string& name, std::string& value, const std::string& type, const std::string& help) {
    app_->add_option(name, value, help)->type_name(type);
}

void Arguments::operands(const std::string& name, std::vector<std::string>& values, const std::string& text,
                         const std::string& help) {
    app_->add_option(name, values, help)->required()->option_text(text);
}

void Arguments::require(const std::string& name) {
    app_->get_option(name)->required();
}

void Arguments::exclude(const std::string& name, const std::string& other) {
    app_->get_option(name)->excludes(app_->get_option(other));
}

void Arguments::footer(const std::string& text) {
    app_->footer(text);
}

std::optional<int> Arguments::parse(int argc, char** argv) {
    try {
        refuse_empty_values(*app_);
        refuse_empty_assignments(*app_, std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
        app_->parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::Success&) {
        print_line(app_->help());
        return exit_done;
    } catch (const CLI::ParseError& error) {
        report(argv[0], std::string(error.what()) + "; see 'sig2pid " + argv[0] + " --help'");
        return exit_usage;
    }
}

} // namespace sig2pid::cli
